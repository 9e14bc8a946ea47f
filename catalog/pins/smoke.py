"""The verbs of pins, spoken with its library; a version is named after its time and content."""

import os
from pathlib import Path

import pins

from stackwright_job.exchange import sha256_of


def register(ctx, name, model):
    """A new version of the pin `name`, and the hash of what lies on the board."""
    about = {key: model[key] for key in ("uri", "format", "sha256")}
    version = _board(ctx).pin_upload(model["file"], name, title=name, metadata=about).version.version
    uri = f"{ctx.needs['board']['uri']}/pins/{name}/{version}"
    return {"version": version, "uri": uri, "sha256": fetch(ctx, name, version)["sha256"]}


def fetch(ctx, name, version):
    """The file of that version, downloaded from the board."""
    (file,) = _board(ctx).pin_download(name, version)
    return {"file": file, "sha256": sha256_of(file)}


def _board(ctx):
    for name in ("PINS_DATA_DIR", "PINS_CACHE_DIR"):
        os.environ[name] = ctx.env.get(name, str(Path(ctx.dir) / name))
    board = ctx.needs["board"]
    return pins.board_s3(
        f"{board['bucket']}/pins", endpoint_url=board["url"], key=board["access_key"], secret=board["secret_key"],
        client_kwargs={"region_name": board["region"]},
    )  # fmt: skip
