"""Images: a base and one environment, which our own installer puts there inside a container of the base.

The container's name is the lock: whoever comes second waits for the first. It lives as long as its standard input is
held, so a build whose command was killed ends and is removed by the engine. What the install needs of this machine
(installer, uv, certificates, settings, locks) lies in a volume of the container, which is no part of the image, and its
variables are those of a command inside, which the image does not remember either.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from stackwright.errors import Diagnostic, StackError
from stackwright.places import archive
from stackwright.places.docker import baggage, labels
from stackwright.places.docker.engine import Engine, asking, claim, connect, execute
from stackwright.runtime.cancel import check, slot
from stackwright.runtime.steps import client_journal
from stackwright.runtime.workspace import Workspace

Progress = Callable[[str, str, str], None]  # (subject, phase, text)
ImageSpec = dict[str, Any]  # an environment's spec (docs/architecture.md) with `base` and `system`

OURS = "stackwright/"  # how the names of our images begin
USER = 10001  # whom components run as
_SLOTS = threading.BoundedSemaphore(2)  # more at once only make each other late
_STILLBORN = 20.0  # seconds in which a container that was made is started, unless its maker was killed


def reference(key: str, base_id: str) -> str:
    """What the image of an environment on a base is called."""
    return f"{OURS}{key}:{base_id.removeprefix('sha256:')[:12]}"


def builder(image: str) -> str:
    """The container in which it is built."""
    return "stackwright-build-" + image.removeprefix(OURS).replace(":", "-")


def known(key: str, base: str) -> str | None:
    """What it is or will be called; None where the base has yet to be fetched."""
    with asking(base) as engine:
        found = inspect(engine, base)
    return reference(key, found["Id"]) if found else None


def there(image: str) -> bool:
    """Whether the engine has it."""
    with asking(image) as engine:
        return inspect(engine, image) is not None


def inspect(engine: Engine, image: str) -> dict[str, Any] | None:
    """What the engine knows of an image; None where it has none of that name."""
    from docker.errors import ImageNotFound

    try:
        found: dict[str, Any] = engine.inspect_image(image)
    except ImageNotFound:
        return None
    return found


def ensure(ws: Workspace, spec: ImageSpec, progress: Progress, cancel: threading.Event) -> str:
    """Have the engine hold the image, and answer what it is called."""
    key, base = spec["key"], spec["base"]

    def tell(text: str, phase: str = "installing") -> None:
        progress(key, phase, text)

    with asking(base) as engine:
        found = inspect(engine, base) or _fetched(engine, base, tell, cancel)
    image = reference(key, found["Id"])
    with asking(image) as engine:
        claim(ws, engine)
        journal = client_journal(ws)
        journal.write("intent", "image", "", image)  # noted even where it is there: `down` asks who needs it
        waiting = False
        while not inspect(engine, image):
            check(cancel)
            with (
                slot(_SLOTS, cancel, lambda: tell("waiting for other installs")),
                _container(engine, image, spec) as at,
            ):
                if at:
                    _Build(engine, at, spec, image, tell, cancel).run()
            if not at:
                if not waiting:
                    tell("waiting for an install of the same image that is under way")
                waiting = True
                cancel.wait(0.5)
        journal.write("done", "image", "", image)
    return image


@contextmanager
def _container(engine: Engine, image: str, spec: ImageSpec) -> Iterator[str | None]:
    """A running container of the base, gone afterwards in any case; None where somebody else builds the image."""
    from docker.errors import APIError, NotFound

    name = builder(image)
    try:
        # A label of the stack would be in the image, and in every container of it.
        engine.create_container(
            spec["base"],
            ["cat"],
            name=name,
            entrypoint=[""],
            user="0:0",
            stdin_open=True,
            labels={labels.ENVIRONMENT: spec["key"]},
            host_config=engine.create_host_config(
                auto_remove=True,
                network_mode="host",  # a build reaches what this machine reaches, its proxies too
                security_opt=["label=disable"],  # or SELinux keeps it from the caches
                mounts=baggage.mounts(engine, spec),
            ),
        )
    except APIError as error:
        if error.status_code != 409:
            raise
        remove_stillborn(engine, name)
        yield None
        return
    held = None
    try:
        held = engine.attach_socket(name, params={"stdin": 1, "stream": 1})
        engine.start(name)
        yield name
    finally:
        if held is not None:
            held.close()
        with suppress(NotFound, APIError):  # the engine may be removing it already
            engine.remove_container(name, v=True, force=True)


def remove_stillborn(engine: Engine, name: str) -> None:
    """A build's container whose maker was killed before it could start it would wait for ever."""
    from docker.errors import APIError, NotFound

    with suppress(NotFound, APIError):
        seen = engine.inspect_container(name)
        if seen["State"]["Status"] == "created" and labels.ENVIRONMENT in labels.on(seen):
            age = time.time() - _seconds(seen["Created"])
            if age > _STILLBORN:
                engine.remove_container(name, v=True, force=True)


def _seconds(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(f"{stamp[:19]}+00:00").timestamp()


@dataclass(frozen=True, slots=True)
class _Build:
    """One image on its way, in a running container of its base."""

    engine: Engine
    container: str
    spec: ImageSpec
    image: str
    tell: Callable[..., None]
    cancel: threading.Event

    def run(self) -> None:
        """Install, tidy up, keep."""
        began = time.monotonic()
        luggage = baggage.pack(self.spec, self.engine)
        self._root("mkdir -p /opt/stack /opt/tmp; chown $1 /opt/stack /opt/tmp", luggage.user)
        self.engine.put_archive(self.container, baggage.PLACE, archive.pack(luggage.items))
        self._programs(luggage)
        self._install(luggage)
        self._root(_TIDY, str(USER), self.spec["prefix"])
        self.tell("keeping the image")
        self._commit()
        size = (inspect(self.engine, self.image) or {}).get("Size", 0)
        self.tell(f"image of {size / 1e6:,.0f} MB, in {time.monotonic() - began:.0f} s", "ready")

    def _programs(self, luggage: baggage.Baggage) -> None:
        """What tools and installs call and the base lacks, from the base's own packages."""
        wanted = [f"{program} {package}" for program, package in luggage.programs.items()]
        if wanted:
            self.tell(f"adding {', '.join(luggage.programs)}, where the base lacks them")
            said: list[str] = []
            status = self._run(["sh", "-c", _PROGRAMS, "sh", *wanted], luggage.env, "0:0", said.append)
            if status != 0:
                raise StackError(_no_programs(self.spec, luggage.programs, said))

    def _install(self, luggage: baggage.Baggage) -> None:
        """Our installer, run by the base's own Python."""
        errors: list[dict[str, Any]] = []
        other: list[str] = []

        def heard(line: str) -> None:
            if not line.startswith("{"):
                other.append(line)
                return
            told = json.loads(line)
            errors.extend(told.get("errors", ()))
            # That files are copied into an image goes without saying.
            if told.get("phase") == "installing" and "hardlink" not in told["text"]:
                self.tell(told["text"])

        status = self._run(["sh", "-c", _INSTALL, "sh", *luggage.command], luggage.env, luggage.user, heard)
        if status != 0:
            raise StackError(_not_built(self.spec, errors, other))

    def _root(self, script: str, *words: str) -> None:
        said: list[str] = []
        if self._run(["sh", "-ec", script, "sh", *words], {}, "0:0", said.append) != 0:
            raise StackError(_not_built(self.spec, [], said))

    def _run(self, command: list[str], env: dict[str, str], user: str, heard: Callable[[str], None]) -> int | None:
        return execute(self.container, command, self.cancel, heard, env=env, user=user)

    def _commit(self) -> None:
        name, _, tag = self.image.partition(":")
        changes = [
            f"USER {USER}:{USER}",
            "WORKDIR /stack",
            "ENTRYPOINT []",
            f'CMD ["{self.spec["prefix"]}/bin/python"]',
        ]
        # One that is under way cannot be taken back, so this is the last chance.
        check(self.cancel)
        self.engine.commit(self.container, name, tag, changes=changes)


def _fetched(engine: Engine, base: str, tell: Callable[[str], None], cancel: threading.Event) -> dict[str, Any]:
    """The base out of its registry."""
    from docker.errors import APIError

    if base.startswith(OURS):  # whoever has that name in a registry is somebody else
        raise StackError(_no_base(base, "it is made here, and was removed meanwhile"))
    tell(f"fetching the base image {base}")
    name, tag = (base, None) if "@" in base or ":" in base.rpartition("/")[2] else (base, "latest")
    failed = ""
    try:
        for line in engine.pull(name, tag, stream=True, decode=True):
            check(cancel)
            failed = line.get("error", failed)
    except APIError as error:
        failed = str(error.explanation or error)
    found = inspect(connect(), base)
    if found is None:
        raise StackError(_no_base(base, failed))
    return found


# Each word is a program and the package that has it.
_PROGRAMS = """
packages=
for word; do command -v "${word%% *}" > /dev/null || packages="$packages ${word#* }"; done
[ "$packages" ] || exit 0
command -v apt-get > /dev/null || { echo "there is no apt-get"; exit 3; }
export DEBIAN_FRONTEND=noninteractive
apt-get -q update && apt-get -qy install --no-install-recommends $packages
"""

_INSTALL = """
for python in python3 /usr/local/bin/python3 /usr/bin/python3 python; do
  command -v $python > /dev/null || continue
  # Where this machine's uv cannot run, one that can.
  command -v uv > /dev/null || $python -m pip install -q --target "$PYTHONPATH" uv || exit
  exec $python "$@"
done
echo "there is no python3"
exit 3
"""

_TIDY = """
rm -rf /opt/tmp "$2.lock" "$2.used"
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log
chown 0:0 /opt/stack
chown -R 0:0 "$2"
chmod -R a+rX "$2"
mkdir -p /stack
chown $1:$1 /stack
chmod 700 /stack
grep -q "^[^:]*:[^:]*:$1:" /etc/passwd || echo "stack:x:$1:$1::/stack/home:/bin/sh" >> /etc/passwd
grep -q "^[^:]*:[^:]*:$1:" /etc/group || echo "stack:x:$1:" >> /etc/group
"""


def _no_base(base: str, said: str) -> Diagnostic:
    why = f": {said.rstrip('.')}" if said else ""
    return Diagnostic(
        code="P162",
        summary="base image cannot be had",
        detail=f"The engine has no `{base}` and could not fetch it{why}.",
        hint=f"see whether its registry can be reached, or name a base that the engine has\n    docker pull {base}",
    )


def _no_programs(spec: ImageSpec, programs: dict[str, str], said: list[str]) -> Diagnostic:
    lines = "".join(f"\n  {line}" for line in said[-8:])
    return Diagnostic(
        code="P163",
        summary="base image lacks programs",
        detail=f"The image of `{spec['key']}` needs {', '.join(f'`{name}`' for name in programs)}, and they "
        f"could not be added to `{spec['base']}`:{lines}",
        hint=f"name a base image that has them; what is in this one is shown by\n"
        f"    docker run --rm -it {spec['base']} sh",
    )


def _not_built(spec: ImageSpec, errors: list[dict[str, Any]], said: list[str]) -> Diagnostic:
    """What the installer said; its hints are about this machine, and it ran inside."""
    # Where the installer ran, "this machine" was a container.
    told = [f"{error['summary']}: {error['detail']}".replace("This machine", "The base") for error in errors]
    whole = told or ["\n" + "\n".join(said[-12:])]
    unfit = any("Python" in error["summary"] for error in errors) or "there is no python3" in said
    return Diagnostic(
        code="P164",
        summary="image could not be built",
        detail=f"`{spec['key']}` could not be installed on `{spec['base']}`: {' '.join(whole)}",
        hint="name a base image with another Python, for example\n    python:3.12-slim"
        if unfit
        else (errors[0]["hint"] if errors else "") or "when the cause is gone, go on with\n    stack up",
    )
