"""Probe: log in with these credentials and ask the database something."""

import psycopg


def probe(fields: dict) -> str:
    """Log in, write a row and read it."""
    names = {"dbname": "database", "user": "username", "password": "password", "host": "host", "port": "port"}
    given = {name: fields[field] for name, field in names.items()}
    with psycopg.connect(**given, connect_timeout=5, autocommit=True) as connection:
        # A temporary table needs what every consumer needs, and leaves nothing.
        connection.execute("CREATE TEMPORARY TABLE probe (n int)")
        connection.execute("INSERT INTO probe VALUES (1)")
        user, database, rows = connection.execute(
            "SELECT current_user, current_database(), count(*) FROM probe"
        ).fetchone()
    if rows != 1:
        raise RuntimeError(f"wrote one row, read {rows}")
    return f"`{user}` wrote and read a row in `{database}`"
