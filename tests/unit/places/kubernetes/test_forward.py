"""The forwarder: this machine's ports handed on over an API server's WebSockets, whatever comes and goes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import apiserver
from stackwright.places.kubernetes import cluster, ports
from stackwright.places.kubernetes.forward import Forwarder
from stackwright.places.kubernetes.websocket import _frame
from stackwright.runtime.workspace import Workspace
from webstack import free_port

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def unmasked(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A client's frame."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    mask, data = await reader.readexactly(4), await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def framed(data: bytes) -> bytes:
    """A server's frame, in two parts where it is long."""
    if len(data) > 20:
        return bytes([2, 10]) + data[:10] + bytes([0x80, 126]) + (len(data) - 10).to_bytes(2) + data[10:]
    return bytes([0x82, len(data)]) + data


class Node:
    """An API server and the node behind it: one pod, whose port shouts back."""

    def __init__(self, ws: Workspace) -> None:
        self.ws, self.pod, self.asked = ws, "web-0", list[str]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a list of pods, or a tunnel to a port."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        self.asked.append(path)
        if "/portforward" not in path:
            await self._list(writer)
        elif f"/pods/{self.pod}/" in path:
            await self._tunnel(reader, writer, head)
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def _list(self, writer: asyncio.StreamWriter) -> None:
        running = {"name": "main", "state": {"running": {"startedAt": "2026-11-24T12:00:00Z"}}}
        meta = {"name": self.pod, "creationTimestamp": "2026-11-24T12:00:00Z"}
        pods: list[dict[str, Any]] = [{"metadata": meta, "status": {"containerStatuses": [running]}}]
        body = json.dumps({"items": pods if self.pod else [], "metadata": {}}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        key = next(line.split(": ")[1] for line in head.splitlines() if line.startswith("Sec-WebSocket-Key"))
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        port = (8080).to_bytes(2, "little")
        writer.write(framed(b"\0" + port) + framed(b"\1" + port) + framed(b"")[:1] + b"\0" + bytes([0x89, 2]) + b"hi")
        while True:
            kind, data = await unmasked(reader)
            if kind == 8 or data[1:] == b"bye":
                return
            if kind == 2:
                writer.write(framed(data[:1] + data[1:].upper()))


@asynccontextmanager
async def forwarding(ws: Workspace, node: Node, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A forwarder at work, and its port."""
    server = await asyncio.start_server(node, "127.0.0.1", 0)
    kubeconfig = ws.root.parent / "kubeconfig"
    kubeconfig.write_text(json.dumps(apiserver.config(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    cluster.forget()
    port = free_port()
    ws.keeper_dir.mkdir()
    lead(ws, {port: {"labels": {"stackwright.component": "web"}, "port": 8080}})
    task = asyncio.create_task(Forwarder(ws).run())
    try:
        await until(lambda: told(ws).get(str(port)) == "")
        yield port
    finally:
        task.cancel()
        server.close()
        cluster.forget()


def lead(ws: Workspace, wanted: dict[int, ports.Target]) -> None:
    """Tell it."""
    ports.wanted_file(ws).write_text(json.dumps({"ports": wanted}))


def told(ws: Workspace) -> dict[str, str]:
    """What it made of that."""
    file = ports.told_file(ws)
    return dict(json.loads(file.read_text())["ports"]) if file.is_file() else {}


async def until(true: Any) -> None:
    """Wait for it."""
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("still not true")


async def asked(port: int, said: bytes) -> bytes:
    """What the pod shouts back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    heard = await reader.readexactly(len(said))
    writer.close()
    return heard


def test_connections_side_by_side(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a tunnel of its own; long messages, parts of messages and pings are understood."""

    async def scene() -> None:
        async with forwarding(ws, Node(ws), monkeypatch) as port:
            words = [b"word", *(f"{number} {'x' * 40000}".encode() for number in range(20))]
            heard = await asyncio.gather(*(asked(port, word[:60]) for word in words))
            assert heard == [word[:60].upper() for word in words]

    asyncio.run(scene())


def test_an_end_is_passed_on(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the pod's side ends, so does ours."""

    async def scene() -> None:
        async with forwarding(ws, Node(ws), monkeypatch) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"bye")
            assert await asyncio.wait_for(reader.read(), 5) == b""

    asyncio.run(scene())


def test_pods_come_and_go(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next connection finds the pod that is there now, and waits a moment for one that is coming."""

    async def scene() -> None:
        node = Node(ws)
        async with forwarding(ws, node, monkeypatch) as port:
            assert await asked(port, b"one") == b"ONE"
            node.pod = "web-1"
            assert await asked(port, b"two") == b"TWO"
            node.pod = ""
            waiting = asyncio.create_task(asked(port, b"three"))
            await asyncio.sleep(1.0)
            node.pod = "web-2"
            assert await asyncio.wait_for(waiting, 10) == b"THREE"

    asyncio.run(scene())


def test_the_file_changes(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is no longer wanted is closed; one that somebody else has is told with the reason."""

    async def scene() -> None:
        async with forwarding(ws, Node(ws), monkeypatch) as port:
            taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
            other = taken.sockets[0].getsockname()[1]
            lead(ws, {other: {"labels": {"stackwright.component": "web"}, "port": 8080}})
            await until(lambda: str(other) in told(ws))
            assert "in use" in told(ws)[str(other)]
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            taken.close()

    asyncio.run(scene())


def test_frames_are_masked() -> None:
    """Of every length that has a form of its own."""

    async def scene(size: int) -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(_frame(2, b"z" * size))
        return (await unmasked(reader))[1]

    for size in (0, 1, 125, 126, 65535, 65536):
        assert asyncio.run(scene(size)) == b"z" * size
