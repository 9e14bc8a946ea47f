"""kill -9 of the command at every step that it writes down, of `up` and of `down`: the next `down` leaves nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import livestack
from livestack import Live, Unchanged

pytestmark = livestack.FAULTS
LANES = 2  # side by side, each on a machine of its own
KINDS = {"environment", "process", "prepare", "grant", "terraform"}
THOROUGH = "STACK_TEST_THOROUGH"  # set: a whole `up` after every kill, not only as far as the next kill


def rounds(lane: int) -> None:
    """In namespaces of our own: every LANES-th step of `up`, and of a `down` of what is up; a JSON line a kill."""
    with livestack.place() as root:
        stack = Live(root / "tiny").write()
        unchanged = Unchanged(root)
        step, more, downs = lane, True, True
        while more:
            more = killed(stack, "up", step, unchanged)
            if downs or not more or THOROUGH in os.environ:
                stack.stack("up", "--quiet")
                downs = killed(stack, "down", step, unchanged)
            step += LANES


def killed(stack: Live, verb: str, step: int, unchanged: Unchanged) -> bool:
    """Kill the command after its n-th step and take the stack down from elsewhere; False when it has fewer steps."""
    command = stack.start(verb, "--quiet", STACK_TEST_KILL_AT=str(step))
    _, said = command.communicate(timeout=120)
    assert command.returncode in (0, -9), f"{verb} killed at step {step}: exit {command.returncode}\n{said}"
    last = (stack.steps() or [{}])[-1]
    what = " ".join(str(last.get(name, "")) for name in ("op", "kind", "component", "id"))
    if verb == "up" or command.returncode:
        livestack.report(verb=verb, step=step, last=what, kind=last.get("kind"))
        stack.down()
    unchanged.check(f"{verb} killed at step {step} ({what}), and down")
    return command.returncode != 0


def test_killed_at_every_step(tmp_path: Path) -> None:
    """At whatever step `up` or `down` is killed, `down` from elsewhere exits 0, nothing is left, and `up` works."""
    livestack.warm(Live(tmp_path).write().folder / "stack.yaml")
    lanes = [livestack.alone(__file__, str(lane)) for lane in range(1, LANES + 1)]
    steps = [step for lane in lanes for step in livestack.reports(livestack.finished(lane, 500))]
    ups, downs = ({s["step"] for s in steps if s["verb"] == verb} for verb in ("up", "down"))
    sys.stdout.write(f"killed at {len(ups)} steps of `up` and {len(downs)} of `down`\n")
    assert ups == set(range(1, max(ups) + 1))
    assert downs == set(range(1, max(downs) + 1))
    assert {s["kind"] for s in steps} >= KINDS


if __name__ == "__main__":
    rounds(int(sys.argv[1]))
