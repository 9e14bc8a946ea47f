"""The state file: read, or put aside with a copy kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from stackwright.engine import state

GOOD: dict[str, Any] = {
    "version": 4,
    "serial": 3,
    "lineage": "x",
    "outputs": {},
    "resources": [{"type": "t", "instances": [{"attributes": {"a": 1}}]}],
}


def test_good_and_absent(tmp_path: Path) -> None:
    """A whole state is read; none is None."""
    assert state.read(tmp_path) is None
    (tmp_path / state.STATE).write_text(json.dumps(GOOD))

    assert state.read(tmp_path) == GOOD


@pytest.mark.parametrize("length", [0, 1, 20, 60, 100, len(json.dumps(GOOD)) - 1])
def test_cut_off(tmp_path: Path, length: int) -> None:
    """A state that was cut off anywhere is put aside, whole as it was, and no longer in the way."""
    (tmp_path / state.STATE).write_text(json.dumps(GOOD)[:length])

    with pytest.raises(state.LostStateError) as caught:
        state.read(tmp_path)

    (copy,) = tmp_path.glob("*.damaged-*")
    assert copy.read_text() == json.dumps(GOOD)[:length]
    assert str(copy) in caught.value.diagnostics[0].detail
    assert state.read(tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [{"version": 5}, {"lineage": None}, {"serial": "3"}, {"outputs": []}, {"resources": None}, {"resources": [{}]}],
)
def test_flipped(tmp_path: Path, change: dict[str, Any]) -> None:
    """A state edited into something Terraform would refuse is as good as damaged."""
    (tmp_path / state.STATE).write_text(json.dumps(GOOD | change))

    with pytest.raises(state.LostStateError):
        state.read(tmp_path)


@pytest.mark.parametrize("text", ["null", "[]", "3", '{"version": 4}', "\x00\x01"])
def test_something_else(tmp_path: Path, text: str) -> None:
    """JSON that is no state is damaged too."""
    (tmp_path / state.STATE).write_text(text)

    with pytest.raises(state.LostStateError):
        state.read(tmp_path)
