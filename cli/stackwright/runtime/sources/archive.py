"""Archives and programs from an address, with the hash that they must have: `https://…/x.tar.gz#sha256=…`."""

from __future__ import annotations

import hashlib
import re
import tarfile
import urllib.request
import zipfile
from pathlib import Path

from stackwright.runtime.cancel import check
from stackwright.runtime.sources.unpack import unpack
from stackwright.runtime.sources.work import Work

PROGRAMS = ()
_WISH = re.compile(r"(https?://[^#\s]+/([^/#\s]+))#sha256=([0-9a-f]{64})")
_CHUNK = 1 << 20
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


def install(work: Work) -> dict[str, str]:
    """Unpack archives into `archive`, put single programs into `bin`; the answer is their hashes."""
    got = {}
    for wish in work.wanted:
        match = _WISH.fullmatch(wish)
        if not match:
            raise work.refuse(f"`{wish}`, which has no `#sha256=` with a hash.", "write the address and the hash")
        url, name, digest = match.groups()
        file = work.scratch / name
        if (seen := _fetch(work, url, file)) != digest:
            raise work.refuse(f"`{url}`, whose hash is `{seen}` and not the recipe's.", "ask who serves other files")
        if name.endswith(_ARCHIVES):
            try:
                unpack(file, work.part / "archive")
            except (tarfile.TarError, zipfile.BadZipFile) as error:
                raise work.refuse(f"`{url}`, which cannot be unpacked: {error}.", "ask who made it") from error
        else:
            file.chmod(0o755)
            file.rename(work.part / "bin" / name)
        got[name] = digest
    return got


def _fetch(work: Work, url: str, file: Path) -> str:
    work.tell(f"fetching {url}")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=60) as response, file.open("wb") as target:  # noqa: S310 (http, by _WISH)
            while part := response.read(_CHUNK):
                check(work.cancel)
                digest.update(part)
                target.write(part)
    except OSError as error:
        raise work.refuse(f"`{url}`: {error}.", "when it can be reached, go on with\n    stack up") from error
    return digest.hexdigest()
