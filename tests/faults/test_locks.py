"""Several commands at once: one stack has one command working on it, two stacks do not touch each other."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import livestack
from livestack import until

pytestmark = livestack.FAULTS


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder for stacks that know each other."""
    with livestack.place() as made:
        yield made


def test_the_second_up_is_told_who_holds_the_stack(root: Path) -> None:
    """`up` twice at once: the second exits 5 within a second and names the first; the first does not notice."""
    with livestack.live(root) as stack:
        first = stack.start("up")
        until((stack.root / "lock").exists)
        tries = list[float]()
        while not tries or (min(tries) >= 1 and first.poll() is None):  # a busy machine may be late once
            began = time.monotonic()
            said = stack.stack("up", code=5)
            tries.append(time.monotonic() - began)
        out, err = first.communicate(timeout=120)
        assert first.returncode == 0, out + err
        assert f"(process {first.pid} on " in said
        assert re.search(r"since \d\d:\d\d:\d\d UTC", said.replace("\n  ", " "))
        assert min(tries) < 1, tries


def same_ports() -> tuple[str, str]:
    """Two names whose ports begin in the same place."""
    seen: dict[int, str] = {}
    for number in itertools.count(os.getpid()):
        name = f"twin{number}"
        place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 10_000 // 2
        if place in seen:
            return seen[place], name
        seen[place] = name
    raise AssertionError


def test_two_stacks_at_once(root: Path) -> None:
    """Two stacks that would choose the same ports, up at the same moment: both up, nothing shared, both down again."""
    with livestack.live(root, (names := same_ports())[0]) as one, livestack.live(root, names[1]) as two:
        both = [stack.start("up", "--json") for stack in (one, two)]
        answers = [command.communicate(timeout=240) for command in both]
        assert [command.returncode for command in both] == [0, 0], answers
        ports = [json.loads((stack.root / "ports.json").read_text()).values() for stack in (one, two)]
        assert not set(ports[0]) & set(ports[1])
        pids = [set(stack.pids().values()) for stack in (one, two)]
        assert not pids[0] & pids[1]
        assert {proc.pid for proc in one.marked()} >= pids[0]
        assert not {proc.pid for proc in one.marked()} & {proc.pid for proc in two.marked()}
        both = [stack.start("down") for stack in (one, two)]
        answers = [command.communicate(timeout=120) for command in both]
        assert [command.returncode for command in both] == [0, 0], answers
        assert not one.root.exists()
        assert not two.root.exists()
