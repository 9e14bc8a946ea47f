"""Pymerkle's verbs: entries added to a log in SQLite, and found again with a proof that they are in it."""

import json
import os
from pathlib import Path

from pymerkle import SqliteTree, verify_consistency, verify_inclusion


def record(ctx, actor, action, object):
    """Add the action to the log; the entry is its place there."""
    with _log(ctx) as log:
        _grown(ctx, log)
        entry = json.dumps({"actor": actor, "action": action, "object": object}, sort_keys=True)
        place = log.append_entry(entry.encode())
        _keep_root(ctx, log)
    return {"entry": str(place)}


def query(ctx, object):
    """The recorded actions on an object, each proven to be what was added; a log that was changed is an error."""
    found = []
    with _log(ctx) as log:
        _grown(ctx, log)
        root = log.get_root()
        for place in range(1, log.get_size() + 1):
            data = log.get_entry(place)
            entry = json.loads(data)
            if entry["object"] == object:
                # The hash of what is there now, not the one that is stored beside it.
                verify_inclusion(log.hash_buff(data), root, log.prove_inclusion(place))
                found.append(entry)
    return {"entries": found}


def _log(ctx):
    file = Path(ctx.env["AUDIT_LOG"])
    file.parent.mkdir(parents=True, exist_ok=True)
    return SqliteTree(str(file))


def _grown(ctx, log):
    """Prove that the log is the one of last time with nothing but entries added."""
    kept = Path(ctx.env["AUDIT_ROOT"])
    if kept.exists():
        last = json.loads(kept.read_text())
        proof = log.prove_consistency(last["size"])
        verify_consistency(bytes.fromhex(last["root"]), log.get_root(), proof)
    elif log.get_size():
        raise RuntimeError(f"the log has entries, and {kept}, which says what it was last time, is gone")


def _keep_root(ctx, log):
    kept, new = Path(ctx.env["AUDIT_ROOT"]), Path(ctx.env["AUDIT_ROOT"] + ".new")
    new.write_text(json.dumps({"size": log.get_size(), "root": log.get_root().hex()}))
    os.replace(new, kept)
