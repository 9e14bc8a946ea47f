"""Iceberg's verbs: rows are tables of their own, a data set is a table of its file's lines, a version a snapshot."""

import os
import warnings
from contextlib import suppress
from pathlib import Path

import pyarrow
from pyiceberg.exceptions import NoSuchTableError

_NAMESPACE = "stack"
_DATA_SET = "data_set"


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name made anew."""
    found, catalog = pyarrow.Table.from_pylist(rows), _catalog(ctx)
    with suppress(NoSuchTableError):  # there is none the first time
        catalog.drop_table((_NAMESPACE, table))
    catalog.create_table((_NAMESPACE, table), found.schema).append(found)
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    return {"rows": _catalog(ctx).load_table((_NAMESPACE, table)).scan().to_arrow().to_pylist()}


def commit(ctx, data_file, message):
    """A new snapshot of the table, which has a row for each line of the file."""
    lines = Path(data_file).read_bytes().splitlines(keepends=True)
    # Bytes, not text: whatever the file is, it comes back as it was.
    schema = pyarrow.schema({"number": pyarrow.int64(), "line": pyarrow.binary()})
    rows = pyarrow.table({"number": range(len(lines)), "line": lines}, schema)
    table = _catalog(ctx).create_table_if_not_exists((_NAMESPACE, _DATA_SET), rows.schema)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the first version replaces nothing
        table.overwrite(rows, snapshot_properties={"message": message})
    return {"version": str(table.current_snapshot().snapshot_id)}


def read(ctx, version):
    """The file, made again of the lines that the table had in that snapshot."""
    table = _catalog(ctx).load_table((_NAMESPACE, _DATA_SET))
    rows = table.scan(snapshot_id=int(version)).to_arrow().sort_by("number")
    file = ctx.dir / f"version-{version}"
    file.write_bytes(b"".join(rows["line"].to_pylist()))
    return {"file": str(file)}


def _catalog(ctx):
    os.environ.update(ctx.env)
    from pyiceberg.catalog import load_catalog  # it reads the environment when it is imported

    Path(ctx.env["STACK_ICEBERG_DATA"]).mkdir(parents=True, exist_ok=True)
    catalog = load_catalog("stack")
    catalog.create_namespace_if_not_exists(_NAMESPACE)
    return catalog
