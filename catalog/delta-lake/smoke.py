"""Delta Lake's verbs: rows are tables of their own, a data set is a table of its file's lines."""

from pathlib import Path

from arro3.core import Array, DataType, Table
from deltalake import CommitProperties, DeltaTable, QueryBuilder, write_deltalake

_TYPES = {bool: DataType.bool(), int: DataType.int64(), float: DataType.float64(), str: DataType.string()}
_DATA_SET = "data_set"


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name, whatever it was before."""
    columns = {name: Array([row[name] for row in rows], _TYPES[type(value)]) for name, value in rows[0].items()}
    _write(ctx, table, columns)
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    return {"rows": _query(_table(ctx, table), "SELECT * FROM found")}


def commit(ctx, data_file, message):
    """A new version of the table, which has a row for each line of the file."""
    lines = Path(data_file).read_bytes().splitlines(keepends=True)
    columns = {
        "number": Array(range(len(lines)), DataType.int64()),
        # Bytes, not text: whatever the file is, it comes back as it was.
        "line": Array(lines, DataType.binary()),
    }
    _write(ctx, _DATA_SET, columns, CommitProperties(custom_metadata={"message": message}))
    return {"version": str(_table(ctx, _DATA_SET).version())}


def read(ctx, version):
    """The file, made again of the lines that the table had in that version."""
    rows = _query(_table(ctx, _DATA_SET, int(version)), "SELECT line FROM found ORDER BY number")
    file = ctx.dir / f"version-{version}"
    file.write_bytes(b"".join(row["line"] for row in rows))
    return {"file": str(file)}


def _write(ctx, table, columns, properties=None):
    uri, options = _place(ctx, table)
    write_deltalake(
        uri, Table.from_pydict(columns), mode="overwrite", schema_mode="overwrite",
        storage_options=options, commit_properties=properties,
    )  # fmt: skip


def _table(ctx, table, version=None):
    uri, options = _place(ctx, table)
    return DeltaTable(uri, version=version, storage_options=options)


def _query(table, sql):
    return QueryBuilder().register("found", table).execute(sql).read_all().to_struct_array().to_pylist()


def _place(ctx, table):
    """Where the table lies, and how to get there."""
    uri = f"{ctx.env['DELTA_TABLES']}/{table}"
    store = ctx.needs.get("store")
    if not store:
        Path(uri).mkdir(parents=True, exist_ok=True)
        return uri, None
    return uri, {
        "AWS_ENDPOINT_URL": store["url"],
        "AWS_ACCESS_KEY_ID": store["access_key"],
        "AWS_SECRET_ACCESS_KEY": store["secret_key"],
        "AWS_REGION": store["region"],
        "AWS_ALLOW_HTTP": "true",
        # Two writers cannot both make one version: the store refuses the second of them.
        "conditional_put": "etag",
    }
