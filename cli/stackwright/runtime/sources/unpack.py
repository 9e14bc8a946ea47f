"""Unpacks archives as they are, but nothing outside the folder and nothing that takes rights."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path


def unpack(archive: Path, place: Path) -> None:
    """Unpack a zip or tar file into the folder."""
    place.mkdir(parents=True, exist_ok=True)
    if not zipfile.is_zipfile(archive):
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")
        return
    with zipfile.ZipFile(archive) as files:
        for item in files.infolist():
            path = files.extract(item, place)
            if mode := item.external_attr >> 16 & 0o777:  # zipfile forgets who may run it
                Path(path).chmod(mode)
