"""What runs in a pod beside the tool, run here: folders are filled, steps are run once, processes are the first."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from stackwright.places import archive
from stackwright.places.kubernetes import inside
from stackwright.runtime import asking

PYTHON = [sys.executable, "-I", "-S"]


@pytest.fixture
def own(tmp_path: Path) -> str:
    """The two programs side by side, as a pod has them."""
    folder = tmp_path / "own"
    folder.mkdir()
    for module in (inside, asking):
        (folder / Path(module.__file__).name).write_bytes(Path(module.__file__).read_bytes())
    return str(folder / "inside.py")


def given(folder: Path, *steps: dict[str, str | list[str]], **files: bytes) -> Path:
    """A Secret with these files of the recipe, an entry, and these steps."""
    folder.mkdir(exist_ok=True)
    items = [item for name, data in files.items() for item in archive.private(f"run/{name}", data, archive.ROOT)]
    (folder / "stack.tgz").write_bytes(archive.pack(items))
    (folder / "entry.tgz").write_bytes(archive.pack([archive.Item("flow.py", b"x = 1\n", 0o644)]))
    (folder / "folder.0.tgz").write_bytes(archive.pack([archive.Item("a/b.txt", b"deep", 0o644)]))
    told = {"entry": True, "folders": {"folder.0.tgz": str(folder / "policy")}, "prepare": list(steps)}
    (folder / "fill.json").write_text(json.dumps(told))
    return folder


def step(command: str, run: str, inputs: str = "") -> dict[str, str | list[str]]:
    """A prepare step by the shell, which runs in the folder `run`."""
    return {"command": ["sh", "-c", command], "run": run, "inputs": inputs}


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A volume, blank."""
    place = tmp_path / "stack"
    place.mkdir()
    (tmp_path / "entry").mkdir()
    return place


def filled(stack: Path, source: Path) -> int:
    """One start of the pod."""
    return inside.fill(source, stack, stack.parent / "entry")


def test_files_are_private_and_in_their_places(stack: Path, tmp_path: Path) -> None:
    """The component's folders are its own, its files 0600, the entry and a user's folder where they are looked for."""
    source = given(tmp_path / "given", hba=b"local all\n")

    assert filled(stack, source) == 0

    assert (stack / "run/hba").read_bytes() == b"local all\n"
    assert (stack / "run/hba").stat().st_mode & 0o777 == 0o600
    assert {name: (stack / name).stat().st_mode & 0o777 for name in ("data", "home", "tmp")} == dict.fromkeys(
        ("data", "home", "tmp"), 0o700
    )
    assert (tmp_path / "entry/flow.py").read_text() == "x = 1\n"
    assert (source / "policy/a/b.txt").read_text() == "deep"


def test_steps_run_when_they_are_due(stack: Path, tmp_path: Path) -> None:
    """`once` for a volume, `changed` for what it depends on, `always` at every start."""
    steps = [step("echo o >> ../home/log", "once"), step("echo a >> ../home/log", "always")]
    changing = step("echo c >> ../home/log", "changed", "1")
    filled(stack, given(tmp_path / "given", *steps, changing))
    filled(stack, given(tmp_path / "given", *steps, changing))
    filled(stack, given(tmp_path / "given", *steps, {**changing, "inputs": "2"}))

    assert (stack / "home/log").read_text().split() == ["o", "a", "c", "a", "a", "c"]


def test_once_owns_the_data(stack: Path, tmp_path: Path) -> None:
    """Until every `once` step has succeeded the data folder starts afresh; afterwards it is never emptied again."""
    broken = [step("echo 1 > ../data/first", "once"), step("test -e ../home/cured", "once")]

    assert filled(stack, given(tmp_path / "given", *broken)) == 1
    (stack / "data/half").write_text("made")
    (stack / "home/cured").touch()
    assert filled(stack, given(tmp_path / "given", *broken)) == 0
    assert [file.name for file in (stack / "data").iterdir()] == ["first"]

    (stack / "data/mine").write_text("kept")
    assert filled(stack, given(tmp_path / "given", step("exit 1", "once"), *broken)) == 0
    assert (stack / "data/mine").exists()


def test_what_failed_is_said(stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails leaves its name and its end where the cluster looks for last words."""
    words = tmp_path / "last-words"
    monkeypatch.setattr(inside, "LAST_WORDS", words)

    assert filled(stack, given(tmp_path / "given", step("exit 7", "once"))) == 7
    assert words.read_text() == "`sh`, which exited with status 7"
    assert filled(stack, given(tmp_path / "given", {"command": ["no-such"], "run": "always"})) == 127
    assert "`no-such`, which cannot be run" in words.read_text()


def running(own: str, spec: dict[str, object], *argv: str) -> subprocess.Popen[str]:
    """`inside.py run` under way."""
    told = {"process": "main", "after": [], "signal": "TERM", "timeout": 5, **spec}
    command = [*PYTHON, own, "run", json.dumps(told), "--", *argv]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_the_status_is_the_tools(own: str) -> None:
    """The container ends as its process does: by status, by signal, and where it cannot even begin."""
    assert running(own, {}, "sh", "-c", "exit 3").wait(10) == 3
    assert running(own, {}, "sh", "-c", "kill -9 $$").wait(10) == 137
    missing = running(own, {}, "no-such-program")
    said, _ = missing.communicate(timeout=10)
    assert missing.returncode == 127 and "cannot execute `no-such-program`" in said


def test_a_stop_is_the_recipes_signal(own: str) -> None:
    """A TERM of the cluster reaches the tool as the signal that its recipe names."""
    script = "trap 'echo interrupted; exit 0' INT; echo up; while :; do sleep 0.05; done"
    process = running(own, {"signal": "INT"}, "sh", "-c", script)
    assert process.stdout and process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)

    assert process.stdout.read().strip() == "interrupted"
    assert process.wait(10) == 0


def test_it_comes_after_others(own: str, tmp_path: Path) -> None:
    """A process starts when those that it comes after answer, and a stop ends that wait, too."""
    file = tmp_path / "there"
    after = {"after": [{"command": ["test", "-e", str(file)]}]}
    waiting = running(own, after, "echo", "started")
    time.sleep(0.5)
    assert waiting.poll() is None
    file.touch()
    said, _ = waiting.communicate(timeout=10)
    assert said.endswith("started\n") and waiting.returncode == 0

    file.unlink()
    stopped = running(own, after, "echo", "started")
    time.sleep(1.0)
    stopped.send_signal(signal.SIGTERM)
    assert stopped.wait(10) == 128 + signal.SIGTERM


def test_an_errand_gets_its_environment_by_standard_input(own: str, tmp_path: Path) -> None:
    """What is secret is on no command line; what follows the order is for who listens, and for nobody else."""
    order = {"argv": ["sh", "-c", "echo $WORD; pwd; cat"], "env": {"WORD": "hidden"}, "cwd": str(tmp_path)}
    told = json.dumps(order).encode() + b"\n"
    done = subprocess.run([*PYTHON, own, "do"], input=told + b"more\n", capture_output=True, check=True)
    assert done.stdout.decode() == f"hidden\n{tmp_path}\n"

    told = json.dumps({**order, "listens": True}).encode() + b"\n"
    done = subprocess.run([*PYTHON, own, "do"], input=told + b"more\n", capture_output=True, check=True)
    assert done.stdout.decode().endswith("more\n")


def test_files_go_there_and_come_back(own: str, tmp_path: Path) -> None:
    """What is sent arrives with its time and rights; of what is there only what is not known comes back."""
    place = tmp_path / "jobs"
    items = [
        archive.Item(str(place / "empty").lstrip("/"), None, 0o700),
        archive.Item(str(place / "run.py").lstrip("/"), b"1\n", 0o640, time=1_700_000_000),
    ]
    data = archive.pack(items)
    subprocess.run([*PYTHON, own, "take", str(len(data))], input=data, check=True)
    seen = (place / "run.py").stat()
    assert (seen.st_mode & 0o777, int(seen.st_mtime)) == (0o640, 1_700_000_000)
    assert (place / "empty").is_dir()

    (place / "result.json").write_text("{}")
    known = json.dumps({str(place / "run.py"): [2, 1_700_000_000]}).encode()
    done = subprocess.run(
        [*PYTHON, own, "give", str(len(known)), str(place)], input=known, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        assert tar.getnames() == [str(place / "result.json").lstrip("/")]

    gone = json.dumps([str(place / "run.py")]).encode()
    subprocess.run([*PYTHON, own, "drop", str(len(gone))], input=gone, check=True)
    assert sorted(one.name for one in place.iterdir()) == ["empty", "result.json"]
    subprocess.run([*PYTHON, own, "clear", str(place)], check=True)
    assert list(place.iterdir()) == []
