"""Archives keep owners and rights, and leave out what is not for containers."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from stackwright.places.archive import Item, pack, private, tree


def opened(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_rights_and_owners() -> None:
    """What is packed arrives as its owner's, with its rights and a time that tools do not stumble over."""
    members = opened(pack([Item("bin", None, 0o755), Item("bin/x", b"abc", 0o600, (10001, 10002))]))

    assert members["bin"].isdir() and members["bin"].mode == 0o755
    assert (members["bin/x"].uid, members["bin/x"].gid, members["bin/x"].mode) == (10001, 10002, 0o600)
    assert members["bin/x"].size == 3 and members["bin/x"].mtime > 0


def test_private_file() -> None:
    """A file with secrets is its owner's alone, and so is every folder above it."""
    items = list(private("run/models/settings.json", b"{}", (1, 2)))

    assert [(i.path, i.mode, i.owner) for i in items] == [
        ("run", 0o700, (1, 2)),
        ("run/models", 0o700, (1, 2)),
        ("run/models/settings.json", 0o600, (1, 2)),
    ]


def test_tree(tmp_path: Path) -> None:
    """A folder comes whole and readable, but for caches and proofs; programs stay programs."""
    for name in ("a.py", "sub/b.sh", "__pycache__/a.pyc", "proof/process.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "a.py").chmod(0o600)
    (tmp_path / "sub/b.sh").chmod(0o700)

    assert [(i.path, i.mode) for i in tree(tmp_path, "entry")] == [
        ("entry", 0o755),
        ("entry/a.py", 0o644),
        ("entry/sub", 0o755),
        ("entry/sub/b.sh", 0o755),
    ]
