"""Probe: log in with these credentials and ask the database something. Shares: a role and its own database."""

import psycopg
from psycopg import sql


def probe(fields: dict) -> str:
    """Log in, write a row and read it."""
    with _connected(fields) as connection:
        # A temporary table needs what every consumer needs, and leaves nothing.
        connection.execute("CREATE TEMPORARY TABLE probe (n int)")
        connection.execute("INSERT INTO probe VALUES (1)")
        user, database, rows = connection.execute(
            "SELECT current_user, current_database(), count(*) FROM probe"
        ).fetchone()
    if rows != 1:
        raise RuntimeError(f"wrote one row, read {rows}")
    return f"`{user}` wrote and read a row in `{database}`"


def grant(fields: dict, name: str, secret: str) -> None:
    """A role that owns a database of the same name. The credentials need CREATEROLE and CREATEDB."""
    role, password = sql.Identifier(name), sql.Literal(secret)
    with _connected(fields) as connection:
        if not _exists(connection, "pg_roles WHERE rolname", name):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, password))
        if not _exists(connection, "pg_database WHERE datname", name):
            # Only who may become a role can give it a database; a superuser may, and everybody else has to be told.
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        # By default every role may connect to every database.
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))


def revoke(fields: dict, name: str) -> None:
    """The database with all that is in it, whoever is still connected, and the role."""
    role = sql.Identifier(name)
    with _connected(fields) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(role))
        if _exists(connection, "pg_roles WHERE rolname", name):  # who may make no roles may not even ask otherwise
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def _connected(fields: dict) -> psycopg.Connection:
    names = {"dbname": "database", "user": "username", "password": "password", "host": "host", "port": "port"}
    given = {name: fields[field] for name, field in names.items()}
    return psycopg.connect(**given, connect_timeout=5, autocommit=True)


def _exists(connection: psycopg.Connection, where: str, name: str) -> bool:
    return connection.execute(f"SELECT FROM {where} = %s", [name]).rowcount > 0
