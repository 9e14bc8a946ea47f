"""What reaches Terraform from the caller's environment, and what its signals do."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stackwright.engine.hosted import _Interrupts, _start, _wait, clean_environment

STUBBORN = (
    "import signal, sys, time\nsignal.signal(signal.SIGINT, lambda *a: print('polite', flush=True))\ntime.sleep(30)"
)


def test_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's settings for Terraform stay out; an empty configuration of ours takes the place of his."""
    for name in ("TF_CLI_ARGS_apply", "TF_VAR_x", "TF_LOG", "TF_WORKSPACE", "TF_PLUGIN_CACHE_DIR", "TOFU_X"):
        monkeypatch.setenv(name, "-broken")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/broken")
    monkeypatch.setenv("KEPT", "1")

    found = clean_environment(tmp_path)

    assert "-broken" not in found.values()
    assert found["KEPT"] == "1"
    assert Path(found["TF_CLI_CONFIG_FILE"]).read_bytes() == b""


def _supervised(code: str, folder: Path) -> tuple[int, bool]:
    """Run Python as if it were Terraform."""
    interrupts = _Interrupts()
    with interrupts.caught(), (folder / "log").open("wb") as output:
        process = _start([sys.executable, "-c", code], folder, "s", output)
        interrupts.aim(process)
        return _wait(process), interrupts.count > 0


def _interrupt_after(seconds: float, times: int) -> None:
    def send() -> None:
        for _ in range(times):
            time.sleep(seconds)
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()


def test_first_signal_is_passed_on_and_the_second_kills(tmp_path: Path) -> None:
    """Ctrl-C once asks, twice ends; both come back as interrupted."""
    before = signal.getsignal(signal.SIGINT)
    _interrupt_after(1.0, 2)

    returncode, interrupted = _supervised(STUBBORN, tmp_path)

    assert (returncode, interrupted) == (-signal.SIGKILL, True)
    assert (tmp_path / "log").read_text() == "polite\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_before_the_start_is_not_lost(tmp_path: Path) -> None:
    """A Ctrl-C that comes while Terraform is being started is passed on once it runs."""
    interrupts = _Interrupts()
    interrupts._on_signal(signal.SIGINT, None)
    process = subprocess.Popen(["sleep", "30"])
    interrupts.aim(process)

    assert process.wait(5) == -signal.SIGINT


def test_in_a_thread(tmp_path: Path) -> None:
    """Called from another thread it leaves the signals alone and works all the same."""
    found: list[tuple[int, bool]] = []
    thread = threading.Thread(target=lambda: found.append(_supervised("print(1)", tmp_path)))
    thread.start()
    thread.join(10)

    assert found == [(0, False)]
