"""DVC's verbs: a repository of its own, git beside it, the files in the remote of its global configuration."""

import os
import shutil
import subprocess

from dvc.repo import Repo

_FILE = "data"


def commit(ctx, data_file, message):
    """A new version of the data set: its files in the remote, its description in git."""
    with _repository(ctx) as repo:
        shutil.copyfile(data_file, ctx.dir / "repository" / _FILE)
        repo.add(str(ctx.dir / "repository" / _FILE))
        repo.push()
    _git(ctx, "add", "--all")
    _git(ctx, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return {"version": _git(ctx, "rev-parse", "HEAD").strip()}


def read(ctx, version):
    """The data set as it was in that version, fetched from the remote and from nowhere else."""
    with _repository(ctx) as repo:
        # What lies here cannot be what is read back.
        shutil.rmtree(repo.cache.local.path, ignore_errors=True)
        (ctx.dir / "repository" / _FILE).unlink(missing_ok=True)
        _git(ctx, "checkout", "--quiet", version, "--", f"{_FILE}.dvc")
        repo.pull(force=True)
    file = ctx.dir / f"{_FILE}-{version}"
    shutil.move(ctx.dir / "repository" / _FILE, file)
    return {"file": str(file)}


def _repository(ctx):
    os.environ.update(ctx.env)
    folder = ctx.dir / "repository"
    if not (folder / ".dvc").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        _git(ctx, "init", "--quiet")
        Repo.init(str(folder)).close()
    return Repo(str(folder))


def _git(ctx, *words):
    who = ["-c", "user.name=stack", "-c", "user.email=stack@localhost", "-c", "commit.gpgsign=false"]
    env = {name: value for name, value in os.environ.items() if name not in ctx.env}  # git needs no keys
    done = subprocess.run(
        ["git", *who, *words], cwd=ctx.dir / "repository", env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout
