"""Probe: log in with these credentials and ask the database something."""

import pymysql


def probe(fields: dict) -> str:
    """Log in, write a row and read it."""
    names = {"host": "host", "port": "port", "user": "username", "password": "password", "database": "database"}
    given = {name: fields[field] for name, field in names.items()}
    with (
        pymysql.connect(**given, connect_timeout=5, read_timeout=10, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        # A temporary table needs what every consumer needs, and leaves nothing.
        cursor.execute("CREATE TEMPORARY TABLE probe (n int)")
        cursor.execute("INSERT INTO probe VALUES (1)")
        cursor.execute("SELECT current_user(), database(), count(*) FROM probe")
        user, database, rows = cursor.fetchone()
    if rows != 1:
        raise RuntimeError(f"wrote one row, read {rows}")
    return f"`{user}` wrote and read a row in `{database}`"
