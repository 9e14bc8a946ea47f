"""The engine, found as the user's own `docker` finds it; what it refuses, and its silence, become diagnostics."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.cancel import check
from stackwright.runtime.files import write_atomic
from stackwright.runtime.workspace import Workspace

Engine = Any  # docker.APIClient; the SDK comes without types
SOCKET = "http+docker://localhost"  # the SDK's word for an engine behind a socket

_CHOICE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
_LOOPBACK = ("localhost", "localnpipe", "127.0.0.1", "::1")
_PATIENCE = 600  # seconds: committing an image and stopping a server take their time
_LOOK = 0.25
_here = threading.local()  # the SDK's connections are not made for several threads


def connect() -> Engine:
    """This thread's connection; StackError says what to do where no engine answers."""
    chosen = [os.environ.get(name) for name in _CHOICE]
    if getattr(_here, "chosen", None) != chosen:
        import docker
        from docker.errors import DockerException

        try:
            _here.engine = docker.from_env(use_ssh_client=True, timeout=_PATIENCE).api
        except (DockerException, OSError, ValueError) as error:
            raise StackError(_unreachable(_reason(error))) from error
        _here.chosen = chosen
    return _here.engine


@contextmanager
def asking(subject: str) -> Iterator[Engine]:
    """The engine, asked about `subject`: its errors leave as diagnostics."""
    engine = connect()
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield engine
    except APIError as error:
        raise StackError(_refused(subject, str(error.explanation or error))) from error
    except (DockerException, RequestException) as error:
        raise StackError(_unreachable(_reason(error))) from error


def claim(ws: Workspace, engine: Engine) -> None:
    """Note on which engine the stack is, before anything of it is there; StackError where that is another one."""
    here, before = str(engine.info().get("ID", "")), claimed(ws)
    if before and here != before:
        raise StackError(_another(ws, engine))
    if not before:
        write_atomic(_note(ws), here.encode())


def claimed(ws: Workspace) -> str:
    """The engine's own name for itself; empty for a stack that never had anything on one."""
    try:
        return _note(ws).read_text(encoding="utf-8")
    except OSError:
        return ""


def _note(ws: Workspace) -> Path:
    """Not in the journal: it must outlive a `down` that keeps the data."""
    return ws.root / "engine"


def about() -> str:
    """Which engine answers, and where."""
    with asking("version") as engine:
        return f"{engine.version()['Version']} at {where()}"


def has_gpus() -> bool:
    """Whether it knows NVIDIA's runtime; an older toolkit has itself called, and is only found as a program."""
    with asking("info") as engine:
        return "nvidia" in (engine.info().get("Runtimes") or {}) or bool(shutil.which("nvidia-container-runtime-hook"))


def near(engine: Engine) -> bool:
    """Whether it publishes on the loopback of this machine: one behind a socket or a pipe, or on loopback itself."""
    address = urlsplit(engine.base_url)
    return (address.scheme.startswith("http+docker") and address.hostname != "ssh") or address.hostname in _LOOPBACK


def own_host(engine: Engine) -> str:
    """This machine, as a container in the host's network reaches its loopback; Docker Desktop has one in between."""
    desktop = "Docker Desktop" in engine.info().get("OperatingSystem", "")
    return "host.docker.internal" if desktop else "127.0.0.1"


def execute(
    container: str,
    command: Sequence[str],
    cancel: threading.Event,
    heard: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    user: str = "",
    look: Callable[[], None] = lambda: None,
) -> int | None:
    """Run a command inside to its end and pass its lines on; None where the container ended before it.

    `look` is called a few times a second and may end the wait by raising. Nothing stops the command then but the
    container's own end: the engine has no call for it.
    """
    made = connect().exec_create(container, list(command), environment=dict(env or {}), user=user)["Id"]
    pieces: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(made, pieces), daemon=True).start()
    rest = b""
    while True:
        check(cancel)
        look()
        try:
            piece = pieces.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if isinstance(piece, BaseException):
            raise piece
        *lines, rest = (rest + (piece or b"\n" * bool(rest))).split(b"\n")
        for line in lines:
            heard(line.decode(errors="replace").rstrip("\r"))
        if piece is None:
            status = connect().exec_inspect(made)["ExitCode"]
            return None if status is None else int(status)


def _listen(made: str, pieces: queue.SimpleQueue[bytes | BaseException | None]) -> None:
    try:
        for piece in connect().exec_start(made, stream=True):
            pieces.put(piece)
        pieces.put(None)
    except Exception as error:  # noqa: BLE001 (raised again by who waits)
        pieces.put(error)


def _reason(error: BaseException) -> str:
    """The innermost cause: the SDK wraps it several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", None) or error)


def where() -> str:
    """The engine's address, as the user chose it."""
    if host := os.environ.get("DOCKER_HOST"):
        return f"`{host}` (`DOCKER_HOST`)"
    from docker.context import ContextAPI

    name = os.environ.get("DOCKER_CONTEXT")
    try:
        context = ContextAPI.get_context(name)
    except Exception:  # noqa: BLE001 (a damaged context; the error itself is being told)
        context = None
    return f"`{context.Host}` (context `{context.Name}`)" if context else f"the context `{name or 'default'}`"


def _unreachable(reason: str) -> Diagnostic:
    if "ermission denied" in reason:
        hint = "let your user speak to it, then log in again\n    sudo usermod -aG docker $USER"
    elif os.environ.get("DOCKER_HOST"):
        hint = "see whether the address is right, or leave the variable out\n    docker info\n    unset DOCKER_HOST"
    else:
        hint = "start it, and see whether it answers\n    sudo systemctl start docker\n    docker info"
    return Diagnostic(
        code="P160",
        summary="Docker engine cannot be reached",
        detail=f"Nothing answers at {where()}: {reason.rstrip('.')}.",
        hint=hint,
    )


def _another(ws: Workspace, engine: Engine) -> Diagnostic:
    return Diagnostic(
        code="P171",
        summary="another Docker engine",
        detail=f"What `{ws.name}` has in containers is on another engine than `{engine.info().get('Name', '')}` at "
        f"{where()}, which answers now.",
        hint="choose the engine as it was chosen when the stack was started; which there are is shown by\n"
        "    docker context ls",
    )


def _refused(subject: str, said: str) -> Diagnostic:
    text = said.lower()
    if "address pool" in text:
        hint = "the engine has no addresses left for another network; networks that nobody uses are removed by\n"
        hint += "    docker network prune"
    elif "no space left" in text:
        hint = "the engine's disk is full; see what fills it with\n    docker system df"
    elif "container name" in text:
        hint = "somebody else's container has that name; see whose it is\n    docker ps --all"
    elif "already allocated" in text or "already in use" in text:
        hint = "somebody else has it; let the stack take other ports with\n    stack down\n    stack up"
    elif "executable file not found" in text:
        hint = "a base image needs a shell and Python; name one that has them, for example\n    python:3.12-slim"
    elif "no such image" in text:
        hint = "the image was removed meanwhile; it is built again by\n    stack up"
    else:
        hint = "what the engine does is shown by\n    docker info\n    docker ps --all"
    return Diagnostic(
        code="P161",
        summary="Docker engine refused",
        detail=f"`{subject}`: the engine said: {said.strip().rstrip('.')}.",
        hint=hint,
    )
