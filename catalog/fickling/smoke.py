"""fickling's verb; it reads pickles only, so an archive (skops, PyTorch) is searched for those it holds."""

import zipfile
from io import BytesIO
from pathlib import Path

from fickling.analysis import Severity, check_safety
from fickling.fickle import StackedPickle

_PICKLE, _ARRAY = b"\x80", b"\x93NUMPY"


def scan(ctx, model_file):
    """What the file's pickles would do when they are loaded; a file that is no pickle and no archive is an error."""
    findings = []
    for name, data in _pickles(Path(model_file)):
        for pickled in StackedPickle.load(BytesIO(data), fail_on_decode_error=True):
            told = check_safety(pickled)
            if told.severity > Severity.LIKELY_SAFE:
                findings += [f"{name}: {line}" for line in told.to_string().splitlines()]
    return {"safe": not findings, "findings": findings}


def _pickles(file):
    if not zipfile.is_zipfile(file):
        yield file.name, file.read_bytes()
        return
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if data.startswith(_PICKLE):
                yield name, data
            elif data.startswith(_ARRAY) and (objects := _objects(data)):
                yield name, objects


def _objects(array):
    """The pickle that a NumPy file is after its header where its values are objects, else nothing."""
    size = 2 if array[6] == 1 else 4  # of the header's length, which follows the format's version
    start = 8 + size + int.from_bytes(array[8 : 8 + size], "little")
    return array[start:] if b"'|O'" in array[:start] else b""
