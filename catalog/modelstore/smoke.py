"""modelstore's verbs, spoken with its library; a model is kept as the file that it is."""

import os
import shutil
import tempfile
from pathlib import Path

from modelstore import ModelStore

from stackwright_job.exchange import sha256_of

_FILE = "model"


def register(ctx, name, model):
    """A new version in the domain `name`, and the hash of what lies in the bucket."""
    with tempfile.TemporaryDirectory() as folder:
        # What identifies the model travels under a name of its own: modelstore keeps the file's name.
        file = shutil.copyfile(model["file"], Path(folder) / _FILE)
        told = _store(ctx).upload(name, model=str(file))
    version = told["model"]["model_id"]
    where = told["storage"]
    return {
        "version": version,
        "uri": f"s3://{where['bucket']}/{where['prefix']}",
        "sha256": fetch(ctx, name, version)["sha256"],
    }


def fetch(ctx, name, version):
    """The file of that version, unpacked from the archive in the bucket."""
    folder = Path(ctx.dir) / f"{name}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    file = Path(_store(ctx).download(str(folder), name, version)) / _FILE
    return {"file": str(file), "sha256": sha256_of(file)}


def _store(ctx):
    os.environ.update(ctx.env)  # where the bucket is, and the keys
    return ModelStore.from_aws_s3()
