"""`python -m stackwright_job.worker FILE`: serves the verbs of an entry's smoke.py, JSON lines in and out.

Request `{v, id, verb, args, endpoints, needs, files, env, dir, timeout}`, reply `{id, ok, result | error, cpu}`.
The first line out, with id 0, says which verbs there are, or why there are none. Secrets come by standard input only.
"""

from __future__ import annotations

import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackwright_job import lines
from stackwright_job.entry import Context, load_verbs
from stackwright_job.exchange import pack, unpack


def main() -> None:
    """Serve until the harness closes its end."""
    requests, reply = lines.take()
    verbs: dict[str, Callable[..., Any]] = {}
    try:
        verbs = load_verbs(Path(sys.argv[1]))
        reply({"id": 0, "ok": True, "result": {"verbs": sorted(verbs)}, "cpu": cpu_seconds()})
    except BaseException as caught:  # noqa: BLE001 (a library may raise SystemExit at import)
        traceback.print_exc()
        reply({"id": 0, "ok": False, "error": lines.error_of(caught)})
        return
    for request in requests:
        reply({"id": request["id"], **_serve(verbs, request), "cpu": cpu_seconds()})


def _serve(verbs: dict[str, Callable[..., Any]], request: dict[str, Any]) -> dict[str, Any]:
    try:
        folder = Path(request["dir"])
        result = verbs[request["verb"]](Context.of(request, folder), **unpack(request["args"]))
        return {"ok": True, "result": pack(result or {}, folder / "exchange")}
    except BaseException as caught:  # noqa: BLE001 (whatever a client raises is the verb's answer)
        traceback.print_exc()
        return {"ok": False, "error": lines.error_of(caught)}


def cpu_seconds() -> float:
    """User and system seconds of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return round(sum(u.ru_utime + u.ru_stime for u in used), 3)


if __name__ == "__main__":
    main()
