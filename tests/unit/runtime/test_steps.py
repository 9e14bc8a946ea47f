"""Short commands of a component: what they leave behind when they are ended by force."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

import keeping
from stackwright.runtime import evidence, process, steps, sweep
from stackwright.runtime.cancel import Cancelled

pytestmark = pytest.mark.skipif(not process.LINUX, reason="looks into /proc and /dev/shm")

# As databases do while they are made: a child that holds shared memory of both kinds, and hears no TERM.
HOLDING = """
import ctypes, mmap, os, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    libc = ctypes.CDLL(None)
    libc.shmget(0, 4096, 0o1600)
    with open("/dev/shm/" + sys.argv[1], "w+b") as file:
        file.write(b"x" * 4096)
        file.flush()
        memory = mmap.mmap(file.fileno(), 4096)
    open(sys.argv[2], "w").close()
    time.sleep(1000)
os.wait()
"""


def test_what_a_step_held_that_was_ended_is_swept(user_folders: Path) -> None:
    """Stopped in the middle, a step is gone with its children, and the sweep finds the memory that they left."""
    name, holding, cancel = f"stack-test-{os.getpid()}", user_folders / "holding", threading.Event()
    with keeping.workspace(user_folders) as ws:
        argv = [sys.executable, "-I", "-S", "-c", HOLDING, name, str(holding)]
        step = steps.Step("prepare", "database", "0", argv, {"PATH": os.environ["PATH"]}, "/", None, 60)
        stopper = threading.Thread(target=lambda: (keeping.until(holding.exists), cancel.set()))
        stopper.start()
        with pytest.raises(Cancelled), Path(os.devnull).open("w") as nowhere:
            steps.run(step, nowhere.fileno(), cancel, steps.client_journal(ws))
        stopper.join()
        found = {left.kind: left.what for left in sweep.prove(ws)[0]}
        assert set(found) == {"shm", "sysv"}
        sweep.sweep(ws)
        assert sweep.prove(ws)[0] == []
    assert not Path("/dev/shm", name).exists()
    assert found["sysv"] not in [f"shared memory {segment.number}" for segment in evidence.segments()]
