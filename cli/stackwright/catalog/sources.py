"""Where catalogs of other people are: a folder, or one commit of a git repository. They are read as any other."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from stackwright import folders
from stackwright.catalog.proof import FOLDER, digest_of
from stackwright.errors import Diagnostic, Exit, StackError, Where

_GIT = re.compile(r"git\+((?:https|ssh|file)://\S+)@([0-9a-f]{40})")
_PATIENCE = 300.0  # seconds for one git command


def name_of(text: str, base: Path) -> str:
    """What a catalog is known by, whoever names it from where: `git+URL@COMMIT`, or an absolute path."""
    if text.startswith("git+"):
        return text
    return os.path.normpath(base.absolute() / text)


def folder_of(name: str, where: Where | None = None) -> Path:
    """The catalog's folder; a commit that is not here yet is fetched."""
    if name.startswith("git+"):
        return _checkout(name, where)
    if not Path(name).is_dir():
        raise StackError(Diagnostic("C110", "catalog is not there", f"`{name}` is not a folder.", where), Exit.USAGE)
    return Path(name)


def digest(folder: Path) -> str:
    """Of every file that could run or decide what runs; what `prove` writes is neither."""
    files = []
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if parts[0] == ".git":
            continue
        if file.is_symlink() or not (file.is_file() or file.is_dir()):  # a link, or a pipe
            detail = f"`{file}` leads elsewhere: what it leads to could change unseen."
            raise StackError(Diagnostic("C111", "catalog holds a link", detail, hint="put the file itself there"))
        proof = len(parts) == 3 and parts[1] == FOLDER and file.suffix == ".json"
        if file.is_file() and not proof:
            files.append(("/".join(parts), file))
    return digest_of(files)


def _checkout(name: str, where: Where | None) -> Path:
    """The files of one commit in the user's cache, where they stay; its `catalog` folder if it has one."""
    match = _GIT.fullmatch(name)
    if not match:
        detail = f"`{name}` is not the address of a repository with a whole commit: branches and tags can move."
        hint = "write\n    git+https://HOST/PATH@COMMIT  (40 hex digits)"
        raise StackError(Diagnostic("C112", "catalog's address is not understood", detail, where, hint), Exit.USAGE)
    url, commit = match.groups()
    place = folders.cache_dir() / "catalogs" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{commit}"
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as part:
            _fetch(url, commit, Path(part), where)
            if not place.is_dir():  # else another command was faster
                (Path(part) / "files").rename(place)
    return place / "catalog" if (place / "catalog").is_dir() else place


def _fetch(url: str, commit: str, part: Path, where: Where | None) -> None:
    """Fetch the commit, or all there is from servers that give no single one, and write its files."""
    (part / "files").mkdir()
    repository = part / "git"
    _git("init", "--quiet", "--bare", "--template=", str(repository))
    into = ["--git-dir", str(repository)]
    said = _git(*into, "fetch", "--quiet", "--depth=1", url, commit)
    if said:
        said = _git(*into, "fetch", "--quiet", url, "+refs/*:refs/fetched/*")
    said = said or _git(*into, "--work-tree", str(part / "files"), "checkout", "--force", commit, "--", ".")
    if said:
        detail = f"git says of `{url}`: {said}"
        raise StackError(Diagnostic("C113", "catalog cannot be fetched", detail, where))


def _git(*words: str) -> str:
    """Run git; what it said when it failed. It runs nothing of the repository's and asks nobody for a password."""
    program = shutil.which("git")
    if program is None:
        return "there is no `git` on this machine"
    # Links become plain files with their target as text.
    settings = ["-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]
    env = {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes", **os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [program, *settings, *words],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer after {_PATIENCE:.0f} s"
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""
