"""LanceDB's verbs."""

import os

import pyarrow


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name made anew."""
    _connected(ctx).create_table(table, pyarrow.Table.from_pylist(rows), mode="overwrite")
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    return {"rows": _connected(ctx).open_table(table).to_arrow().to_pylist()}


def _connected(ctx):
    os.environ.update(ctx.env)
    import lancedb  # it reads LANCE_LOG when it is imported

    store = ctx.needs.get("store")
    options = store and {
        "endpoint": store["url"],
        "access_key_id": store["access_key"],
        "secret_access_key": store["secret_key"],
        "region": store["region"],
        "allow_http": "true",
    }
    return lancedb.connect(ctx.env["LANCEDB_URI"], storage_options=options or None)
