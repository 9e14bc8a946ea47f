"""Both ends of a relay as programs, with a real server behind them."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from stackwright.places.docker import relay


@contextmanager
def end(*words: object) -> Iterator[None]:
    """One end, while it is needed."""
    process = subprocess.Popen([sys.executable, "-I", "-S", relay.__file__, *map(str, words)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: the path of a socket may not be long."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        yield Path(short) / "relay"


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that reads to the end, and only then sends all of it back."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()

    def answer(client: socket.socket) -> None:
        with client:
            client.sendall(read(client))

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def read(connection: socket.socket) -> bytes:
    """To the end."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def talk(place: Path, said: bytes) -> bytes:
    """Send and hear through a socket, when somebody answers there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        until = time.monotonic() + 10
        while connection.connect_ex(str(place)) and time.monotonic() < until:
            time.sleep(0.02)
        threading.Thread(target=say, args=(connection, said)).start()
        return read(connection)


def say(connection: socket.socket, said: bytes) -> None:
    """Send, to whoever may have gone meanwhile."""
    with suppress(OSError):
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)


def test_outer_end(folder: Path, echo: int) -> None:
    """What is sent through the socket arrives whole, several at once; the folder is its owner's alone."""
    with end("outside", folder, "127.0.0.1", echo):
        assert talk(folder / str(echo), b"first") == b"first"
        assert folder.stat().st_mode & 0o777 == 0o700
        sent, got = [bytes([number]) * (1 << 20) for number in range(4)], list[bytes]()
        talks = [
            threading.Thread(target=lambda one=one: got.append(talk(folder / str(echo), one)), daemon=True)
            for one in sent
        ]
        for one in talks:
            one.start()
        for one in talks:
            one.join(20)

    assert sorted(got) == sent


def test_inner_end(folder: Path) -> None:
    """It listens on loopback at once, and waits for an outer end that starts later."""
    folder.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with end("inside", folder, port):
        connection = None
        until = time.monotonic() + 10
        while connection is None and time.monotonic() < until:
            with suppress(ConnectionRefusedError):
                connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        assert connection is not None
        with connection, socket.socket(socket.AF_UNIX) as outer:
            outer.bind(str(folder / str(port)))
            outer.listen()
            outer.settimeout(10)
            behind, _ = outer.accept()
            with behind:
                connection.sendall(b"hello")
                assert behind.recv(5) == b"hello"


def test_nobody_listens(folder: Path) -> None:
    """A server that is not there is a connection that breaks, as it would without a relay."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with end("outside", folder, "127.0.0.1", port):
        with suppress(ConnectionError):
            assert talk(folder / str(port), b"anybody?") == b""
