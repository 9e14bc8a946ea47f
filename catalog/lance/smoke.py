"""Lance's verbs: rows are data sets of their own, a versioned file is a data set of its lines."""

from pathlib import Path

import lance
import pyarrow

_DATA_SET = "data_set"


def write_rows(ctx, table, rows):
    """Put the rows into a data set of that name, whatever it was before."""
    _write(ctx, table, pyarrow.Table.from_pylist(rows))
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that data set."""
    return {"rows": lance.dataset(**_place(ctx, table)).to_table().to_pylist()}


def commit(ctx, data_file, message):
    """A new version of the data set, which has a row for each line of the file."""
    lines = Path(data_file).read_bytes().splitlines(keepends=True)
    # Bytes, not text: whatever the file is, it comes back as it was.
    schema = pyarrow.schema({"number": pyarrow.int64(), "line": pyarrow.binary()})
    rows = pyarrow.table({"number": range(len(lines)), "line": lines}, schema)
    return {"version": str(_write(ctx, _DATA_SET, rows, message).version)}


def read(ctx, version):
    """The file, made again of the lines that the data set had in that version."""
    rows = lance.dataset(**_place(ctx, _DATA_SET), version=int(version)).to_table().sort_by("number")
    file = ctx.dir / f"version-{version}"
    file.write_bytes(b"".join(rows["line"].to_pylist()))
    return {"file": str(file)}


def _write(ctx, name, rows, message=None):
    return lance.write_dataset(rows, **_place(ctx, name), mode="overwrite", commit_message=message)


def _place(ctx, name):
    """Where the data set lies, and how to get there."""
    uri, store = f"{ctx.env['LANCE_DATASETS']}/{name}", ctx.needs.get("store")
    if not store:
        return {"uri": uri}
    options = {
        "endpoint": store["url"],
        "access_key_id": store["access_key"],
        "secret_access_key": store["secret_key"],
        "region": store["region"],
        "allow_http": "true",
    }
    return {"uri": uri, "storage_options": options}
