"""Environments are whole or absent, installed once, and the same wherever they are asked for from."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import wheels
from stackwright.errors import StackError
from stackwright.runtime import install, interpreters, uv
from stackwright.runtime.cancel import Cancelled

Told = list[tuple[str, str, str]]


@pytest.fixture
def cache(user_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone, and two packages that need no network."""
    wheels.make(user_folders / "wheels", "tinya", requires=("tinyb>=1",))
    wheels.make(user_folders / "wheels", "tinyb", "1.5")
    wheels.use(user_folders / "wheels", user_folders / "uv", monkeypatch)
    return user_folders / "cache"


def ensure(spec: dict[str, Any], told: Told | None = None, cancel: threading.Event | None = None) -> Path:
    def progress(subject: str, phase: str, text: str) -> None:
        if told is not None:
            told.append((subject, phase, text))

    return install.ensure_environment(spec, progress, cancel or threading.Event())


def output(*command: object) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout.strip()


def test_packages_without_a_lock_are_locked_and_installed(cache: Path) -> None:
    """What was asked for and what that needs is there, its commands work where they lie, and the lock has hashes."""
    told: Told = []
    spec = wheels.spec(cache, "tiny-1", "tinya==1.0")
    assert not install.environment_complete(spec)
    prefix = ensure(spec, told)
    assert prefix == cache / "environments/tiny-1" and install.environment_complete(spec)
    assert output(prefix / "bin/tinya") == "tinya 1.0"
    assert output(prefix / "bin/python", "-c", "import tinyb; print(tinyb.VERSION)") == "1.5"
    lock = (cache / "locks/tiny-1.txt").read_text()
    assert "tinya==1.0 \\\n    --hash=sha256:" in lock and "tinyb==1.5" in lock
    assert {subject for subject, _, _ in told} == {"tiny-1"}
    assert any("2 packages with Python 3." in text for _, _, text in told)
    assert told[-1][1] == "ready" and told[-1][2].startswith("2 packages, ") and " MB, in " in told[-1][2]


def test_site_packages_is_reached_without_a_version(cache: Path) -> None:
    """`prefix/site-packages` is there, so that no file names a Python version."""
    prefix = ensure(wheels.spec(cache, "tiny-1", "tinya"))
    assert (prefix / "site-packages/tinya.py").exists()
    assert not os.path.isabs(os.readlink(prefix / "site-packages"))  # noqa: PTH115, PTH117


def test_everything_is_compiled(cache: Path) -> None:
    """Byte code is there for every module, and is what Python would use: nothing is compiled at a tool's start."""
    prefix = ensure(wheels.spec(cache, "tiny-1", "tinya"))
    library = (prefix / "site-packages").resolve()
    compiled = {path.name.partition(".")[0]: path.stat().st_mtime_ns for path in library.glob("__pycache__/*.pyc")}
    assert {"tinya", "tinyb"} <= compiled.keys()
    output(prefix / "bin/python", "-c", "import tinya, tinyb")
    assert compiled == {p.name.partition(".")[0]: p.stat().st_mtime_ns for p in library.glob("__pycache__/*.pyc")}


def test_a_given_lock_is_obeyed(cache: Path, tmp_path: Path) -> None:
    """The lock decides, not what is newest; and a file that is not the one it names is refused."""
    ensure(wheels.spec(cache, "first", "tinyb"))
    lock = tmp_path / "lock.txt"
    shutil.copy(cache / "locks/first.txt", lock)
    wheels.make(tmp_path / "wheels", "tinyb", "1.6")
    prefix = ensure(wheels.spec(cache, "second", lock=lock))
    assert output(prefix / "bin/tinyb") == "tinyb 1.5"
    wheels.make(tmp_path / "wheels", "tinyb", "1.5", code="EVIL = 1\n")
    shutil.rmtree(tmp_path / "uv")
    with pytest.raises(StackError) as caught:
        ensure(wheels.spec(cache, "third", lock=lock))
    (told,) = caught.value.diagnostics
    assert told.code == "P104" and "ash mismatch" in told.detail and "other files than the lock names" in told.hint
    assert not (cache / "environments/third").exists()


def test_a_complete_one_costs_nothing(cache: Path) -> None:
    """The second time nothing is run, told or written but the mark of its use."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    ensure(spec)
    used = cache / "environments/tiny-1.used"
    os.utime(used, (1, 1))
    told: Told = []
    began = time.perf_counter()
    ensure(spec, told)
    assert time.perf_counter() - began < 0.005
    assert told == [] and used.stat().st_mtime > 1


def test_the_second_time_nothing_is_resolved(cache: Path, tmp_path: Path) -> None:
    """The cached lock is used again, whatever newer versions there are by then."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    shutil.rmtree(ensure(spec))
    wheels.make(tmp_path / "wheels", "tinyb", "1.9")
    told: Told = []
    prefix = ensure(spec, told)
    assert output(prefix / "bin/tinyb") == "tinyb 1.5"
    assert not any("choosing" in text for _, _, text in told)


def test_a_lock_of_another_python_is_not_used(cache: Path) -> None:
    """A cached lock that was made for another Python or machine is made again."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    shutil.rmtree(ensure(spec))
    lock = cache / "locks/tiny-1.txt"
    lock.write_text("# python 3.9 linux sparc\ntinyz==1\n")
    ensure(spec)
    assert "tinya==1.0" in lock.read_text()


def test_a_vanished_interpreter_means_a_new_environment(cache: Path, tmp_path: Path) -> None:
    """An environment whose Python was uninstalled is not complete, and is built again in its place."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    prefix = ensure(spec)
    (prefix / "bin/python").unlink()
    (prefix / "bin/python").symlink_to(tmp_path / "gone")
    assert not install.environment_complete(spec)
    assert output(ensure(spec) / "bin/tinya") == "tinya 1.0"


def test_a_damaged_one_is_built_again(cache: Path) -> None:
    """Whatever lies at the place without its marker is no environment."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    (cache / "environments/tiny-1/bin").mkdir(parents=True)
    (cache / "environments/tiny-1/bin/python").write_text("half")
    assert output(ensure(spec) / "bin/tinya") == "tinya 1.0"


def test_eight_at_once_install_once(cache: Path) -> None:
    """Threads that ask for one environment get the same one, and only one of them installs it."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    told: Told = []
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: ensure(spec, told), range(8)))) == 1
    assert sum(phase == "ready" for _, phase, _ in told) == 1
    assert left(cache) == []


def test_two_are_installed_at_once_and_no_more(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several environments two are on their way at a time, and the others say that they wait."""
    now, most, guard = 0, 0, threading.Lock()
    real = install._Build.run

    def counted(build: install._Build) -> None:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        try:
            time.sleep(0.1)
            real(build)
        finally:
            with guard:
                now -= 1

    monkeypatch.setattr(install._Build, "run", counted)
    told: Told = []
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda n: ensure(wheels.spec(cache, f"tiny-{n}", "tinyb"), told), range(5)))
    assert most == 2
    assert ("waiting for other installs") in {text for _, _, text in told}


def left(cache: Path) -> list[str]:
    """Parts of installs that lie about."""
    return [path.name for path in (cache / "environments").iterdir() if path.name.startswith(".")]


def test_what_dead_installs_left_is_removed(cache: Path) -> None:
    """The next install removes the parts of those that were killed, of any key, but not of one that is under way."""
    places = cache / "environments"
    for key in ("tiny-1", "dead", "alive"):
        (places / f".{key}.part/lib").mkdir(parents=True)
    holder = "import fcntl, sys, time\nf = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); "
    holder += "time.sleep(60)"
    command = [sys.executable, "-c", holder, str(places / "alive.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout and process.stdout.readline() == b"held\n"
            ensure(wheels.spec(cache, "tiny-1", "tinyb"))
        finally:
            process.kill()
    assert left(cache) == [".alive.part"]


def test_an_install_can_be_stopped(cache: Path) -> None:
    """Ctrl-C ends an install at once and leaves nothing; the next one succeeds."""
    spec = wheels.spec(cache, "tiny-1", "tinya")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        ensure(spec, cancel=cancel)
    assert left(cache) == [] and not install.environment_complete(spec)
    assert output(ensure(spec) / "bin/tinya") == "tinya 1.0"


def test_a_package_that_is_not_there_is_told(cache: Path) -> None:
    """uv's own words, the environment's name and something to do; nothing is left."""
    with pytest.raises(StackError) as caught:
        ensure(wheels.spec(cache, "tiny-1", "tinya==9"))
    (told,) = caught.value.diagnostics
    assert told.code == "P105" and "`tiny-1`" in told.detail and "tinya==9" in told.detail
    assert "No solution found" in told.detail and told.hint
    assert left(cache) == []


@pytest.mark.parametrize(
    "package", ["-r /etc/passwd", "--index-url=http://evil", "-e .", "tinya\n-r /etc/passwd", "./x", ""]
)
def test_an_option_is_no_package(cache: Path, package: str) -> None:
    """What would be read as an option or a path of uv's is refused before uv sees it."""
    with pytest.raises(StackError, match="P106"):
        ensure(wheels.spec(cache, "tiny-1", package))


def test_a_cache_that_cannot_be_written_is_told(cache: Path) -> None:
    """The folder is named, and how to choose another."""
    cache.write_text("in the way")
    with pytest.raises(StackError, match="P107") as caught:
        ensure(wheels.spec(cache, "tiny-1", "tinya"))
    assert "STACK_CACHE_DIR" in caught.value.diagnostics[0].hint


def test_the_callers_environment_does_not_lead_astray(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of an active environment, of pip or of uv change neither where packages go nor what is installed."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "PIP_TARGET"):
        monkeypatch.setenv(name, str(tmp_path / "astray"))
    monkeypatch.setenv("UV_PYTHON", "3.7")
    monkeypatch.setenv("UV_SYSTEM_PYTHON", "1")
    monkeypatch.setenv("UV_PIP_TARGET", str(tmp_path / "astray"))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/uv.toml").write_text("[pip]\ntarget = 'astray'\n")
    monkeypatch.chdir(tmp_path / "here")
    prefix = ensure(wheels.spec(cache, "tiny-1", "tinya"))
    assert not (tmp_path / "astray").exists() and (prefix / "site-packages/tinya.py").exists()


def test_where_packages_come_from_is_kept() -> None:
    """Indexes, proxies, certificates and logins of the caller's stay, those said to pip alone too."""
    kept = {
        "UV_DEFAULT_INDEX": "i",
        "UV_INDEX_COMPANY_PASSWORD": "p",
        "HTTPS_PROXY": "x",
        "SSL_CERT_FILE": "c",
        "HOME": "h",
    }
    assert kept.items() <= uv.environment(kept).items()
    mapped = uv.environment({"PIP_INDEX_URL": "i", "PIP_CERT": "c", "PIP_EXTRA_INDEX_URL": "e"})
    assert mapped["UV_DEFAULT_INDEX"] == "i" and mapped["SSL_CERT_FILE"] == "c" and mapped["UV_EXTRA_INDEX_URL"] == "e"
    assert uv.environment({"UV_INDEX_URL": "u", "PIP_INDEX_URL": "i"}).get("UV_DEFAULT_INDEX") is None
    assert uv.environment({"UV_PYTHON_DOWNLOADS": "automatic"})["UV_PYTHON_DOWNLOADS"] == "never"


def test_logins_of_an_index_are_not_shown(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index URL with a password in it fails without showing the password."""
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:hunter2@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(StackError) as caught:
        ensure(wheels.spec(cache, "tiny-1", "tinyq"))
    (told,) = caught.value.diagnostics
    assert "hunter2" not in told.detail and "registry could not be reached" in told.hint


def test_no_interpreter_means_no_download(cache: Path) -> None:
    """Where no Python fits, that is said; uv is not asked, and nothing lies about."""
    with pytest.raises(StackError, match="P101"):
        ensure(wheels.spec(cache, "tiny-1", "tinya", python=">=3.99"))
    assert left(cache) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs for others")
def test_everybody_can_read_what_root_installs(cache: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the strictest umask, `nobody` can run a command of an environment that root installed."""
    base = open_folder / "shared"
    monkeypatch.setenv("STACK_CACHE_DIR", str(base))
    before = os.umask(0o077)
    try:
        prefix = ensure(wheels.spec(base, "tiny-1", "tinya"))
    finally:
        os.umask(before)
    if not interpreters.open_to_others(prefix / "bin/python"):
        pytest.skip("this machine has no Python that others can run")
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run([prefix / "bin/tinya"], **as_nobody, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "tinya 1.0", done.stderr
    writable = [p for p in prefix.rglob("*") if not p.is_symlink() and p.stat().st_mode & stat.S_IWOTH]
    assert writable == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second volume")
def test_another_volume_means_copies_and_that_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hard links cannot be, packages are copied, and people are told why it takes longer."""
    elsewhere = Path(output("mktemp", "-d", "-p", "/dev/shm"))
    try:
        monkeypatch.setenv("UV_CACHE_DIR", str(elsewhere))
        told: Told = []
        assert output(ensure(wheels.spec(cache, "tiny-1", "tinya"), told) / "bin/tinya") == "tinya 1.0"
        assert any("falling back to full copy" in text for _, _, text in told)
    finally:
        shutil.rmtree(elsewhere)


def test_packages_are_hard_linked(cache: Path) -> None:
    """Two environments with the same package hold it once on disk."""
    one = ensure(wheels.spec(cache, "one", "tinyb")) / "site-packages/tinyb.py"
    two = ensure(wheels.spec(cache, "two", "tinyb")) / "site-packages/tinyb.py"
    assert one.stat().st_ino == two.stat().st_ino


def test_the_marker_says_what_is_there(cache: Path) -> None:
    """`complete.json` names the key, the Python and how much was installed."""
    prefix = ensure(wheels.spec(cache, "tiny-1", "tinya"))
    marker = json.loads((prefix / "complete.json").read_text())
    assert marker["key"] == "tiny-1" and marker["packages"] == 2 and marker["bytes"] > 1000
