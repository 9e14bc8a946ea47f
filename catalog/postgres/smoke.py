"""PostgreSQL's verbs, spoken with psycopg."""

import psycopg
from psycopg import sql

_TYPES = {bool: "boolean", int: "bigint", float: "double precision", str: "text"}


def write_rows(ctx, table, rows):
    """Put the rows, mappings of column to value, into a table of that name made anew."""
    columns = list(rows[0])
    types = [sql.SQL("{} " + _TYPES[type(rows[0][column])]).format(sql.Identifier(column)) for column in columns]
    name = sql.Identifier(table)
    with _connected(ctx) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(types)))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table, as they lie there."""
    with _connected(ctx) as connection, connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return {"rows": cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()}


def _connected(ctx):
    fields = ctx.endpoints["sql"]
    return psycopg.connect(
        host=fields["host"], port=fields["port"], dbname=fields["database"], user=fields["username"],
        password=fields["password"], connect_timeout=10,
    )  # fmt: skip
