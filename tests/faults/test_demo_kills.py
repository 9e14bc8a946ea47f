"""kill -9 of the demo's `up` at random moments; STACK_DEMO_KILLS says how often, STACK_TEST_SEED repeats a run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import livestack
from livestack import Live, Unchanged

pytestmark = livestack.FAULTS
KILLS = int(os.environ.get("STACK_DEMO_KILLS", "1"))
SEED = int(os.environ.get("STACK_TEST_SEED", str(time.time_ns() % 1_000_000)))
LONGEST = 15.0  # seconds that `up` takes here, or so; less when it was done before it was killed


def kills(seed: int, count: int) -> None:
    """In namespaces of our own: `up` killed at a random moment, `down` from elsewhere, census; then it works again."""
    moments, longest = random.Random(seed), LONGEST
    with livestack.place() as root:
        stack = Live(root / "demo", "demo")
        stack.folder.mkdir()
        stack.stack("init", "--blueprint", "demo", "--yes")
        unchanged = Unchanged(root)
        while count:
            began, moment = time.monotonic(), moments.uniform(0.2, longest)
            command = stack.start("up", "--quiet")
            try:
                said = command.communicate(timeout=moment)
                assert command.returncode == 0, said
                longest = time.monotonic() - began
            except subprocess.TimeoutExpired:
                command.kill()
                command.communicate()
                count -= 1
                last = (stack.steps() or [{}])[-1]
                livestack.report(moment=round(moment, 2), last=[last.get(n, "") for n in ("op", "kind", "component")])
            if stack.watermark():
                stack.down()
            unchanged.check(f"killed after {moment:.2f} s")
        stack.stack("up", "--quiet")
        stack.down()
        unchanged.check("a whole life")


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whenever the demo's `up` is killed, `down` from elsewhere exits 0, nothing is left, and `up` works again."""
    demo = Live(tmp_path, "demo")
    demo.stack("init", "--blueprint", "demo", "--yes")
    livestack.warm(tmp_path / "stack.yaml")
    sys.stdout.write(f"STACK_TEST_SEED={SEED}\n")
    said = livestack.finished(livestack.alone(__file__, str(SEED), str(KILLS)), 120 + 60 * KILLS)
    sys.stdout.write(said)
    assert len(livestack.reports(said)) == KILLS


if __name__ == "__main__":
    kills(*map(int, sys.argv[1:]))
