"""DuckDB's verbs."""

from pathlib import Path

import duckdb

_TYPES = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name made anew."""
    columns = ", ".join(f'"{name}" {_TYPES[type(value)]}' for name, value in rows[0].items())
    with _connected(ctx) as db:
        db.execute(f'CREATE OR REPLACE TABLE "{table}" ({columns})')
        db.executemany(
            f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', [[*row.values()] for row in rows]
        )
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    with _connected(ctx) as db:
        found = db.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in found.description]
        return {"rows": [dict(zip(names, row, strict=True)) for row in found.fetchall()]}


def _connected(ctx):
    Path(ctx.env["DUCKDB_FILE"]).parent.mkdir(parents=True, exist_ok=True)
    return duckdb.connect(ctx.env["DUCKDB_FILE"])
