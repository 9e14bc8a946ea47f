"""Workers: deadlines, deaths, chatter, what they inherit, and that nothing of them is left."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from stackwright.errors import StackError
from stackwright.model.catalog import Layer, Verb
from stackwright.smoke.site import Site
from stackwright.smoke.worker import Worker

from .conftest import CATALOG, SECRET, secrets


@pytest.fixture
def site(stack, workspace) -> Site:
    layers = {"storage": Layer(name="storage", about="", verbs={"sleeps": Verb(about="", timeout="1s")})}
    return Site(stack(("storage",)), workspace, secrets, layers, (CATALOG,))


@pytest.fixture
def worker(site):
    made = Worker(site, site.plan.components[0])
    yield made
    made.close()


def failure(worker: Worker, verb: str) -> str:
    with pytest.raises(StackError) as caught:
        worker.call("storage", verb, {}, {})
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.detail}"


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_chatty_library_breaks_nothing(worker):
    """What an entry prints, in whatever way, goes to the log and never into the protocol."""
    assert worker.call("storage", "tells", {"value": 7}, {})["value"] == 7
    log = worker.log.read_text()
    assert "a chatty library" in log
    assert "one that does not use sys.stdout" in log


def test_nothing_is_inherited(worker, monkeypatch):
    """A worker's environment and command line hold neither the caller's variables nor a secret."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    told = worker.call("storage", "tells", {}, {})
    assert set(told["environment"]) <= {
        "PATH", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR",
        "LANG", "STACK_ID", "LC_CTYPE",
    }  # fmt: skip
    assert SECRET not in repr((told["environment"], told["argv"]))


def test_large_values_come_through(worker):
    """A value of more than 64 KB arrives in both directions as it was sent."""
    value = ["ä" * 1000] * 500
    assert worker.call("storage", "tells", {"value": value}, {})["value"] == value


def test_a_verb_has_a_deadline(worker, workspace):
    """A verb that hangs is given up in its time, and the worker ends with whatever it started."""
    began = time.monotonic()
    assert failure(worker, "sleeps").startswith("S011 `sleeps` of `storage` (fake@process)")
    assert time.monotonic() - began < 10
    assert gone(int((workspace / "things" / "child").read_text()))


def test_a_dead_worker_is_told(worker):
    """A worker that dies in a verb is a failure that says its status; so is every later call."""
    assert "ended with status 9" in failure(worker, "dies")
    assert failure(worker, "tells").startswith("S012")


def test_a_failed_verb_is_told_without_secrets(worker):
    """What a client raises is shown with its type, its secrets blotted out; also in the log."""
    assert "ValueError: no luck with ***" in failure(worker, "raises")
    worker.close()
    assert SECRET not in worker.log.read_text()
    assert "no luck with ***" in worker.log.read_text()


def test_an_unknown_verb_is_named(worker):
    """A verb that the entry does not speak is refused with those it does."""
    assert failure(worker, "flies").startswith("S010")
    assert "`put`" in failure(worker, "flies")


def test_a_broken_entry_is_told(stack, workspace, tmp_path):
    """An entry whose smoke.py cannot be loaded fails its verbs with the reason."""
    entry = tmp_path / "catalog" / "fake"
    entry.mkdir(parents=True)
    (entry / "smoke.py").write_text("import no_such_client\n")
    site = Site(stack(("storage",)), workspace, secrets, {}, (entry.parent,))
    worker = Worker(site, site.plan.components[0])
    assert "No module named 'no_such_client'" in failure(worker, "put")
    worker.close()


def test_an_interface_may_speak_the_verbs(stack, workspace, tmp_path):
    """A tool without a smoke.py is spoken to by the file of the interface that its endpoint is called after."""
    folder = tmp_path / "catalog" / "_interfaces"
    folder.mkdir(parents=True)
    (folder / "fake_smoke.py").write_text("def put(ctx): return {'root': ctx.endpoints['fake']['root']}\n")
    (component,) = stack(("storage",)).components
    component = component.model_copy(update={"endpoints": {"fake": component.endpoints["main"]}})
    worker = Worker(Site(stack(("storage",)), workspace, secrets, {}, (folder.parent,)), component)
    assert worker.call("storage", "put", {}, {}) == {"root": str(workspace / "things")}
    worker.close()


def test_garbage_is_refused(stack, workspace):
    """A worker that does not keep to the protocol is ended."""
    python = workspace / "prefix" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho garbage\nexec sleep 60\n")
    python.chmod(0o755)
    site = Site(stack(("storage",)), workspace, secrets, {}, (CATALOG,))
    worker = Worker(site, site.plan.components[0])
    assert failure(worker, "put").startswith("S013")
    worker.close()


def test_a_worker_ends_with_its_harness(site, workspace):
    """When the harness is gone, the worker ends by itself, even in the middle of a verb."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        worker = Worker(site, site.plan.components[0])
        os.write(write, str(worker._process._child.pid).encode())
        try:
            worker.call("storage", "sleeps", {}, {})
        finally:
            os._exit(0)
    child = int(os.read(read, 20))
    time.sleep(0.5)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert gone(child)
    left = workspace / "things" / "child"  # of the verb: in a stack `down` would find it
    if left.exists():
        os.kill(int(left.read_text()), 9)


@pytest.mark.parametrize("kind", ["library", "job"])
def test_what_nobody_starts_gets_its_files_and_variables(kind, stack, workspace):
    """Nobody starts a library or a job: its files are written for it, for us alone, and its variables handed over."""
    plan = stack(("storage",))
    file = workspace / "components" / "storage" / "run" / "a" / "config"
    component = plan.components[0].model_copy(
        update={"kind": kind, "files": {str(file): "content"}, "env": {"NAME": "value"}}
    )
    site = Site(plan.model_copy(update={"components": (component,)}), workspace, secrets, {}, (CATALOG,))
    worker = Worker(site, component)
    assert worker.call("storage", "tells", {}, {})["env"] == {"NAME": "value"}
    worker.close()
    assert file.read_text() == "content"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert site.described(component)["files"] == {"a/config": str(file)}
