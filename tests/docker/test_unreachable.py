"""An engine that cannot be reached is said to be so, by every command that needs it and by no other."""

from __future__ import annotations

from pathlib import Path

import docker

from dockerstack import changes, contained, things

NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def test_before_anything_is_there(place: Path) -> None:
    """`up` fails with one clear error and makes nothing, so `down` finds nothing; `validate` needs no engine."""
    with contained(place, "lost", {"database": "postgres"}, variables=NOWHERE) as stack:
        stack.stack("validate")
        said = stack.start("up")
        out, err = said.communicate(timeout=stack.patience)
        assert said.returncode not in (0, 70), out + err
        assert "/nowhere/docker.sock" in err
        assert "Traceback" not in err
        assert not stack.root.exists()
        assert "nothing to remove" in stack.stack("down")


def test_while_it_is_up(engine: docker.APIClient, place: Path) -> None:
    """`status` shows what it cannot see as not up, `down` says what it cannot prove and is finished by the next one."""
    before = things(engine)
    with contained(place, "away", {"database": "postgres"}) as stack:
        stack.stack("up", "--quiet")
        shown = stack.start("status", **NOWHERE)
        out, err = shown.communicate(timeout=60)
        assert shown.returncode == 1, out + err
        assert "Docker engine cannot be reached" in out + err
        gone = stack.start("down", **NOWHERE)
        out, err = gone.communicate(timeout=120)
        assert gone.returncode not in (0, 70), out + err
        assert "/nowhere/docker.sock" in out + err
        assert changes(before, things(engine), "image") != []
        assert "nothing left" in stack.down("--keep-images")
    assert changes(before, things(engine), "image") == []
