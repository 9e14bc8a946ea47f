"""Software from beside PyPI: whole or refused with words, inside the environment, and exactly what was asked for."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import wheels
from stackwright.errors import StackError
from stackwright.model.catalog import SOURCES
from stackwright.runtime import install, sources
from stackwright.runtime.cancel import Cancelled
from stackwright.runtime.sources import debian, maven
from stackwright.runtime.sources.work import Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """An environment that is being built: empty."""
    for folder in ("part/bin", "scratch", "cache"):
        (tmp_path / folder).mkdir(parents=True)
    part = tmp_path / "part"
    # It lies where it will lie, so that what was built can be run.
    return Work("k", (), None, part, part, tmp_path / "scratch", tmp_path / "cache", lambda _: None, threading.Event())


def wanting(work: Work, *wanted: str, lock: Path | None = None) -> Work:
    """The same with something to install."""
    from dataclasses import replace

    return replace(work, wanted=wanted, lock=lock)


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip where the machine lacks what the source calls."""
    lacking = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(lacking), reason=f"needs {', '.join(lacking)}")


def refused(kind: str, work: Work) -> str:
    """What an install that must fail says."""
    with pytest.raises(StackError) as raised:
        sources.INSTALL[kind](work)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "P108"
    assert diagnostic.hint
    return diagnostic.detail


def said(*command: object) -> str:
    """What a program says, started with nothing of our environment."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}).stdout


def test_the_tables_know_the_same_sources() -> None:
    """What a recipe may say, what installs it and what writes its lock are the same list."""
    assert SOURCES.keys() == sources.INSTALL.keys() == sources.PROGRAMS.keys()
    assert {source for source, lock in SOURCES.items() if lock} == sources._LOCK.keys()


def test_an_install_can_be_stopped(work: Work) -> None:
    """What a source runs ends with the install, and with all that it started."""
    threading.Timer(0.3, work.cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        work.run("sh", "-c", "sleep 61.5 & wait", env={"PATH": "/usr/bin:/bin"})
    assert time.monotonic() - started < 10
    assert subprocess.run(["pgrep", "-fx", "sleep 61.5"], capture_output=True, check=False).stdout == b""


# Debian


@needs(*debian.PROGRAMS)
def test_a_debian_package_runs_with_libraries_that_the_machine_lacks(work: Work) -> None:
    """Its programs start from the environment, find their libraries there, and its version is known."""
    got = debian.install(wanting(work, "redis-tools>=6,<9"))
    assert got["redis-tools"]
    assert (work.part / "debian/usr/bin/redis-cli").is_file()
    assert said(work.part / "bin/redis-cli", "--version").startswith("redis-cli ")
    assert not list(work.part.rglob("*.deb"))


@pytest.mark.live
@needs(*debian.PROGRAMS)
def test_a_version_that_debian_does_not_have(work: Work) -> None:
    """It says which there are; a word that is no package is refused, too."""
    detail = refused("debian", wanting(work, "redis-tools>=99"))
    assert "`redis-tools>=99`" in detail
    assert "sources have 5:" in detail
    assert "not a Debian package" in refused("debian", wanting(work, "--download redis"))


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("5:7.0.15-1~deb12u10", (7, 0, 15)),
        ("2.42.0+ds-5+deb12u1", (2, 42, 0)),
        ("1:10.11.19-0+deb12u1", (10, 11, 19)),
        ("4.2.2.20221110-2", (4, 2, 2)),
        ("15+248", (15, 0, 0)),
    ],
)
def test_the_upstream_version_of_a_package(version: str, number: tuple[int, int, int]) -> None:
    """Ranges are about what the tool's makers count, not about Debian's epochs and revisions."""
    assert debian._number(version) == number


def test_what_names_a_place_names_the_new_one(tmp_path: Path) -> None:
    """Links and scripts point into the environment, but to what the machine has they point as before."""
    root, final = tmp_path / "root", Path("/final/debian")
    for folder in ("etc/tool", "usr/bin", "usr/lib/tool/etc"):
        (root / folder).mkdir(parents=True)
    (root / "etc/tool/conf").write_text("x")
    (root / "usr/lib/tool/etc/conf").symlink_to("/etc/tool/conf")
    (root / "usr/lib/tool/etc/made").symlink_to("/etc/tool/made")
    (root / "usr/lib/tool/etc/made.ucf").write_text("a model")
    (root / "usr/lib/tool/etc/passwd").symlink_to("/etc/passwd")
    script = root / "usr/bin/tool"
    script.write_text("#!/bin/sh\nHOME_DIR=/usr/lib/tool\n. /etc/tool/conf; cat /etc/passwd /usr/lib/toolbox\n")
    script.chmod(0o4755)
    debian._settle(root, final)
    assert (root / "usr/lib/tool/etc/conf").read_text() == "x"
    assert (root / "usr/lib/tool/etc/made").read_text() == "a model"
    assert str((root / "usr/lib/tool/etc/passwd").readlink()) == "/etc/passwd"
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[1] == "HOME_DIR=/final/debian/usr/lib/tool"
    assert lines[2] == ". /final/debian/etc/tool/conf; cat /etc/passwd /usr/lib/toolbox"
    assert script.stat().st_mode & 0o7777 == 0o755, "nothing runs with another user's rights"


# npm


@needs("npm", "node")
def test_npm_packages_are_those_of_the_lock(work: Work, tmp_path: Path) -> None:
    """The lock names no place, its hashes are obeyed, and programs are on the PATH."""
    lock = tmp_path / "npm.lock.json"
    lock.write_text(sources.lock("npm", ("semver@7.6.3",)))
    assert "://" not in lock.read_text()
    assert sources.INSTALL["npm"](wanting(work, "semver@7.6.3", lock=lock)) == {"semver": "7.6.3"}
    assert said(work.part / "bin/semver", "1.2.3", "-i", "minor").strip() == "1.3.0"
    about = json.loads(lock.read_text())
    about["packages"]["node_modules/semver"]["integrity"] = "sha512-" + "A" * 86 + "=="
    lock.write_text(json.dumps(about))
    shutil.rmtree(work.part / "npm")
    assert "EINTEGRITY" in refused("npm", wanting(work, "semver@7.6.3", lock=lock))


# Maven


@pytest.mark.live
@needs("mvn", "java")
def test_maven_libraries_are_those_of_the_lock(work: Work, tmp_path: Path) -> None:
    """A library comes with what it needs, and nothing else than the lock says is accepted."""
    lock = tmp_path / "maven.lock"
    wanted = ("org.apache.commons:commons-text:1.12.0",)
    lock.write_text(maven.lock(wanting(work, *wanted)))
    shutil.rmtree(work.scratch)
    work.scratch.mkdir()
    got = maven.install(wanting(work, *wanted, lock=lock))
    assert sorted(got) == ["commons-lang3-3.14.0.jar", "commons-text-1.12.0.jar"]
    library = work.part / "maven/lib/commons-text-1.12.0.jar"
    assert hashlib.sha256(library.read_bytes()).hexdigest() == got[library.name]
    lock.write_text(lock.read_text().replace("commons-lang3-3.14.0", "commons-lang3-3.13.0"))
    assert "commons-lang3" in refused("maven", wanting(work, *wanted, lock=lock))


def test_what_maven_is_asked(work: Work) -> None:
    """A library comes without what is left out, an archive without what it would need as a library."""
    pom = maven._pom(wanting(work, "g:tool:1.0", "g:dist:2:zip", "!x:y"))
    library, archive = pom.split("<dependency>")[1:]
    assert "<version>1.0</version><exclusions><exclusion><groupId>x</groupId><artifactId>y</artifactId>" in library
    assert "<type>zip</type><exclusions><exclusion><groupId>*</groupId>" in archive


# Go


@pytest.mark.live
@needs("go")
def test_a_go_program_is_built(work: Work) -> None:
    """A module becomes a program; one that is not there is told with what Go said."""
    got = sources.INSTALL["go"](wanting(work, "rsc.io/2fa@v1.2.0"))
    assert got["rsc.io/2fa@v1.2.0"].startswith("h1:")
    assert os.access(work.part / "bin/2fa", os.X_OK)
    assert "It said" in refused("go", wanting(work, "rsc.io/2fa@v99.0.0"))
    assert "module@version" in refused("go", wanting(work, "rsc.io/2fa"))


# Archives


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address that serves it."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def tar(file: Path, name: str, content: bytes) -> str:
    """Make an archive of one file; the answer is its hash."""
    with tarfile.open(file, "w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o755
        archive.addfile(info, io.BytesIO(content))
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_archive_is_unpacked_and_a_program_is_put_on_the_path(work: Work, site: tuple[Path, str]) -> None:
    """Both only with the very hash that the recipe says."""
    folder, url = site
    digest = tar(folder / "tool-1.tar.gz", "tool-1/run", b"#!/bin/sh\necho ran\n")
    (folder / "single").write_bytes(b"#!/bin/sh\necho single\n")
    own = hashlib.sha256((folder / "single").read_bytes()).hexdigest()
    wanted = (f"{url}/tool-1.tar.gz#sha256={digest}", f"{url}/single#sha256={own}")
    assert sources.INSTALL["archive"](wanting(work, *wanted)) == {"tool-1.tar.gz": digest, "single": own}
    assert said(work.part / "archive/tool-1/run") == "ran\n"
    assert said(work.part / "bin/single") == "single\n"
    other = "0" * 64
    assert digest in refused("archive", wanting(work, f"{url}/tool-1.tar.gz#sha256={other}"))
    assert "404" in refused("archive", wanting(work, f"{url}/nothing#sha256={other}"))
    assert "no `#sha256=`" in refused("archive", wanting(work, f"{url}/single"))


def test_an_archive_writes_nothing_elsewhere(work: Work, site: tuple[Path, str]) -> None:
    """A name that leads out of the folder is not followed."""
    folder, url = site
    digest = tar(folder / "bad.tar.gz", "../../escaped", b"x")
    assert "bad.tar.gz" in refused("archive", wanting(work, f"{url}/bad.tar.gz#sha256={digest}"))
    assert not list(work.part.parent.rglob("escaped"))


# In an environment


def test_an_environment_holds_both(user_folders: Path, monkeypatch: pytest.MonkeyPatch, site: tuple[Path, str]) -> None:
    """Python packages and the rest are one environment, which says what it got; of a failed one nothing is left."""
    wheels.make(user_folders / "wheels", "tinya")
    wheels.use(user_folders / "wheels", user_folders / "uv", monkeypatch)
    folder, url = site
    digest = tar(folder / "tool.tar.gz", "run", b"#!/bin/sh\necho ran\n")
    spec = wheels.spec(user_folders / "cache", "both-1", "tinya==1.0")
    wrong = {**spec, "sources": {"archive": [f"{url}/tool.tar.gz#sha256={'0' * 64}"]}}
    with pytest.raises(StackError):
        install.ensure_environment(wrong, lambda *_: None, threading.Event())
    assert not [path for path in Path(spec["prefix"]).parent.iterdir() if path.is_dir() and path.name != ".tmp"]
    right = {**spec, "sources": {"archive": [f"{url}/tool.tar.gz#sha256={digest}"]}}
    prefix = install.ensure_environment(right, lambda *_: None, threading.Event())
    assert said(prefix / "archive/run") == "ran\n"
    assert json.loads((prefix / "complete.json").read_text())["sources"] == {"archive": {"tool.tar.gz": digest}}
    assert not [path for path in prefix.iterdir() if path.name.startswith(".archive")]
