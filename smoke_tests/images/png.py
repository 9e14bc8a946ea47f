"""Small greyscale PNGs, written and read with the standard library: eight bits a pixel, no filter, no interlace."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def written(rows: list[list[int]]) -> bytes:
    """The file of an image whose rows hold 0 to 255."""
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def read(data: bytes) -> list[list[int]]:
    """The rows of such a file; ValueError for any other."""
    chunks = dict(_chunks(data))
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    pixels = zlib.decompress(chunks[b"IDAT"])
    lines = [pixels[start : start + width + 1] for start in range(0, len(pixels), width + 1)]
    if kind != [8, 0, 0, 0, 0] or len(lines) != height or any(line[0] for line in lines):
        raise ValueError("not an unfiltered PNG of eight grey bits")
    return [list(line[1:]) for line in lines]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(data: bytes):
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    at = len(_SIGNATURE)
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        name, inside = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] != zlib.crc32(name + inside):
            raise ValueError("damaged PNG")
        yield name, inside
        at += size + 12
