"""What every test shares: user folders that are the test's own, and the figures that tests measure."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

# What is started in the background or by nohup ignores these, and so would everything that tests start and interrupt.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture
def user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache and state of this test alone."""
    monkeypatch.setenv("STACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STACK_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests recorded as properties, also where they passed and ran in another process."""
    reports = [r for state in ("passed", "failed") for r in terminalreporter.getreports(state) if r.when == "call"]
    for name, value in [figure for report in reports for figure in report.user_properties]:
        terminalreporter.write_line(f"{name}: {value}")
