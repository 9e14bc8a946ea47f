"""`python -m stackwright_job.probes`: asks many wires at once whether they work.

Request `{id, wires: [{wire, probe, fields}]}`, then one line a wire as it is known:
`{id, wire, ok, detail | error, tried}`. The file `probe` has `probe(fields) -> str`: one real operation with exactly
these credentials; it says what it saw, or raises. The first line of its docstring says what it tries, so that a failure
can be told: "could not …".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from stackwright_job import lines
from stackwright_job.entry import load_module

_importing = threading.Lock()


@cache
def _probe_in(file: Path) -> Callable[[dict[str, Any]], str]:
    name = f"stackwright_probe_{file.parent.name}_{file.stem}".replace("-", "_")
    probe: Callable[[dict[str, Any]], str] = load_module(file, name).probe
    return probe


def ask(wire: dict[str, Any]) -> dict[str, Any]:
    """One wire's answer."""
    tried = ""
    try:
        with _importing:
            probe = _probe_in(Path(wire["probe"]))
        tried = _what(probe)
        return {"wire": wire["wire"], "ok": True, "detail": probe(wire["fields"])}
    except BaseException as caught:  # noqa: BLE001 (whatever a client raises is the wire's answer)
        return {"wire": wire["wire"], "ok": False, "error": lines.error_of(caught), "tried": tried}


def _what(probe: Callable[[dict[str, Any]], str]) -> str:
    """What a probe says it does, as it stands inside a sentence."""
    first = (probe.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def main() -> None:
    """Serve until the harness closes its end."""
    requests, reply = lines.take()
    sending = threading.Lock()

    def answer(request: dict[str, Any], wire: dict[str, Any]) -> None:
        found = ask(wire)
        with sending:
            reply({"id": request["id"], **found})

    for request in requests:
        # One thread a wire: a wire that hangs delays nobody, and the harness gives it up by itself.
        for wire in request["wires"]:
            threading.Thread(target=answer, args=(request, wire), daemon=True).start()


if __name__ == "__main__":
    main()
