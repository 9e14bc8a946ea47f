"""Probe: log in as the auditor and look whether the server writes its log."""

import pymysql


def probe(fields: dict) -> str:
    """Log in and ask whether statements are logged."""
    names = {"host": "host", "port": "port", "user": "username", "password": "password"}
    given = {name: fields[field] for name, field in names.items()}
    with pymysql.connect(**given, connect_timeout=5, read_timeout=10) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_audit_logging, @@server_audit_events")
        logging, events = cursor.fetchone()
    if not logging:
        raise RuntimeError("the server does not log statements")
    return f"the server logs {events}"
