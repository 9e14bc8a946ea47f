"""A /tmp of one's own: in a process of its own, as it cannot be left again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stackwright.runtime import private

SCRIPT = """
import sys
from pathlib import Path
from stackwright.runtime import private
if not private.enter([Path("/usr")]):
    sys.exit(77)
print(private.left())
Path("/tmp/left-by-a-test").write_text("x")
print(private.left())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's namespaces")
def test_what_is_left_there_is_seen_and_goes() -> None:
    """It is empty at first, shows what is put there, and nobody else ever sees that."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel gives us no namespace")
    assert done.stdout.splitlines() == ["[]", "['/tmp/left-by-a-test']"], done.stderr
    assert not Path("/tmp/left-by-a-test").exists()


def test_nothing_is_hidden_that_is_needed(tmp_path: Path) -> None:
    """Where a folder that is needed lies in /tmp, everything stays as it is."""
    assert private.enter([private.TMP / "cache"]) is False
    assert tmp_path.is_dir()
