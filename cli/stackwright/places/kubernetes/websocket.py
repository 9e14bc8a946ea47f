"""One connection to a port of a pod, through the API server: a WebSocket with the API's channels in it.

On asyncio, because the official client's own forwards a connection by a thread, and cannot wait in both directions.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from typing import Any
from urllib.parse import urlsplit

from stackwright.places.kubernetes.cluster import Cluster

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = 0, 1  # the channels of the first port that is asked for
_PIECE = 1 << 16


class Refused(OSError):  # noqa: N818 (it is one)
    """The API server, or the node, does not connect us."""


class Tunnel:
    """An open connection to a port of a pod."""

    def __init__(self, streams: Streams) -> None:
        self._reader, self._writer = streams
        self._named: set[int] = set()  # channels that have said which port they are of

    async def send(self, data: bytes) -> None:
        """To the pod."""
        self._writer.write(_frame(_BINARY, bytes([_DATA]) + data))
        await self._writer.drain()

    async def receive(self) -> bytes:
        """From the pod; nothing at the end. Refused where the node could not connect us."""
        while True:
            kind, payload = await self._frame()
            if kind == _CLOSE:
                return b""
            if kind == _PING:
                self._writer.write(_frame(_PONG, payload))
            if kind not in (_TEXT, _BINARY) or not payload:
                continue
            channel, data = payload[0], payload[1:]
            if channel not in self._named:  # the first word of each is the port's number
                self._named.add(channel)
            elif channel == _ERROR and data:
                raise Refused(data.decode(errors="replace").strip())
            elif channel == _DATA and data:
                return data

    async def close(self) -> None:
        """Both ends."""
        if not self._writer.is_closing():
            self._writer.write(_frame(_CLOSE, b"\x03\xe8"))
        self._writer.close()

    async def _frame(self) -> tuple[int, bytes]:
        """The next message, put together where it comes in parts."""
        kind, whole = _CLOSE, b""
        while True:
            try:
                first, second = await self._reader.readexactly(2)
                size = second & 0x7F
                if size > 125:
                    size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
                whole += await self._reader.readexactly(size)
            except asyncio.IncompleteReadError:
                return _CLOSE, b""
            kind = first & 0x0F or kind
            if first & 0x80:
                return kind, whole


async def dial(cluster: Cluster, namespace: str, pod: str, port: int) -> Tunnel:
    """A tunnel to that port."""
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
    headers: dict[str, str] = {}
    # An exec plugin may have to be asked for a new token.
    await asyncio.to_thread(cluster.client.update_params_for_auth, headers, [], ["BearerToken"])
    settings = cluster.client.configuration
    address = urlsplit(cluster.host)
    streams = await _open(settings, address)
    await _shake(streams, address.netloc, address.path.rstrip("/") + path, headers)
    return Tunnel(streams)


async def _open(settings: Any, address: Any) -> Streams:
    host, port = address.hostname, address.port or (443 if address.scheme == "https" else 80)
    secure = _tls(settings) if address.scheme == "https" else None
    name = (settings.tls_server_name or host) if secure else None
    proxy = _proxy(settings, host)
    if not proxy:
        return await asyncio.open_connection(host, port, ssl=secure, server_hostname=name)
    reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or 80)
    writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    await _answered(reader, b"200")
    if secure:
        await writer.start_tls(secure, server_hostname=name)
    return reader, writer


def _tls(settings: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if not settings.verify_ssl:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _proxy(settings: Any, host: str) -> Any:
    """The proxy on the way, as the official client finds it."""
    from requests.utils import should_bypass_proxies

    through = settings.proxy and not should_bypass_proxies(f"https://{host}", settings.no_proxy or "")
    return urlsplit(settings.proxy) if through else None


async def _shake(streams: Streams, host: str, path: str, headers: dict[str, str]) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {_PROTOCOL}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    streams[1].write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    await _answered(streams[0], b"101")


async def _answered(reader: asyncio.StreamReader, wanted: bytes) -> None:
    """The head of an answer, with this status."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Refused("the API server ended the connection") from error
    if head.split(b" ", 2)[1] != wanted:
        raise Refused(head.partition(b"\r\n")[0].decode(errors="replace"))


def _frame(kind: int, data: bytes) -> bytes:
    """One message, masked as clients have to."""
    size, mask = len(data), os.urandom(4)
    short = size if size < 126 else 126 if size < 1 << 16 else 127
    extended = b"" if size < 126 else size.to_bytes(2 if short == 126 else 8)
    pad = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(data) ^ int.from_bytes(pad)).to_bytes(size)
    return bytes([0x80 | kind, 0x80 | short]) + extended + mask + masked
