"""Where a secret shows: texts, files, command lines and environments searched for it in every form it may take.

Knows nothing of how the product hides its secrets, on purpose: a proof must not use what it proves.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus


class Search:
    """Finds any of these secrets: plain, URL-encoded, or base64 however it is aligned."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names = {form.encode(): name for name, secret in secrets.items() for form in forms(secret)}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._any = re.compile(b"|".join(re.escape(form) for form in longest_first))
        self._known: dict[bytes, set[str]] = {}  # databases are copies of each other: no content is searched twice

    def __call__(self, data: bytes | str) -> set[str]:
        """The names of those that are in it."""
        data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        return {self._names[found] for found in self._any.findall(data)}

    def files(self, *roots: Path) -> dict[Path, set[str]]:
        """Each file at or below these paths that holds one, with whose; names of files and targets of links, too."""
        found = {}
        for path in everything(roots):
            with suppress(FileNotFoundError):
                if names := self._inside(path) | self(str(path)):
                    found[path] = names
        return found

    def _inside(self, path: Path) -> set[str]:
        if path.is_symlink():
            return self(str(path.readlink()))
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.blake2b(content).digest()
        if digest not in self._known:
            self._known[digest] = self(content)
        return self._known[digest]


def forms(secret: str) -> set[str]:
    """Every way the secret may be written."""
    escaped = "".join(f"%{byte:02x}" for byte in secret.encode())
    found = {secret, quote(secret, safe=""), quote_plus(secret), escaped, escaped.upper()}
    for before in range(3):
        # What stands beside it changes the first and the last character of its encoding.
        padded = b"\0" * before + secret.encode() + b"\0\0"
        first, last = (before * 8 + 5) // 6, (before + len(secret)) * 8 // 6
        found |= {encode(padded).decode()[first:last] for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return found


def everything(roots: Iterable[Path]) -> Iterator[Path]:
    """Every file, link and folder at or below these paths."""
    for root in roots:
        yield root
        for parent, folders, files in os.walk(root):
            yield from (Path(parent, name) for name in (*folders, *files))


@dataclass
class Watcher:
    """Looks, several times a second, at every process of the machine, and at small files in a folder."""

    folder: Path
    lines: dict[bytes, int] = field(default_factory=dict)  # command line -> a pid that had it
    environments: dict[tuple[int, bytes], bytes] = field(default_factory=dict)  # (pid, command line) -> environment
    files: dict[Path, dict[bytes, int]] = field(default_factory=dict)  # content -> mode
    looks: int = 0

    def __enter__(self) -> Watcher:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.look()

    def look(self) -> None:
        """Once at everything."""
        for name in (entry.name for entry in os.scandir("/proc")):
            if name.isdigit():
                with suppress(OSError):
                    line = Path(f"/proc/{name}/cmdline").read_bytes()
                    self.lines.setdefault(line, int(name))
                    if (int(name), line) not in self.environments:
                        self.environments[int(name), line] = Path(f"/proc/{name}/environ").read_bytes()
        for path in everything([self.folder]) if self.folder.exists() else ():
            with suppress(OSError):
                state = path.lstat()
                if path.is_file() and not path.is_symlink() and state.st_size < 100_000:
                    self.files.setdefault(path, {})[path.read_bytes()] = state.st_mode & 0o777
        self.looks += 1
