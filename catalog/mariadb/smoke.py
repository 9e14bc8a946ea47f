"""MariaDB's verbs, spoken with PyMySQL. An audit entry is what the server itself logged of a statement."""

import re
import secrets

import pymysql

_TYPES = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "TEXT"}
# time,server,user,host,connection,query,operation,database,'statement',status
_LINE = re.compile(
    r"^(?P<at>[^,]+),[^,]*,(?P<actor>[^,]*),[^,]*,(?P<connection>\d+),(?P<query>\d+),QUERY,[^,]*,"
    r"'INSERT INTO audit\.actions VALUES \(\\'(?P<action>.*?)\\', \\'(?P<object>.*?)\\'\)',0$",
    re.MULTILINE,
)


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name made anew."""
    columns = ", ".join(f"`{name}` {_TYPES[type(value)]}" for name, value in rows[0].items())
    with _connected(ctx.endpoints["sql"]) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE TABLE `{table}` ({columns})")
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO `{table}` VALUES ({marks})", [tuple(row.values()) for row in rows])
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    with _connected(ctx.endpoints["sql"]) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"SELECT * FROM `{table}`")
        return {"rows": list(cursor.fetchall())}


def record(ctx, actor, action, object):
    """Do it as that user: who it was is written by the server, which knows, not by us."""
    auditor, password = ctx.endpoints["audit"], secrets.token_hex(16)
    with _connected(auditor) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER %s@'%%' IDENTIFIED BY %s", (actor, password))
        cursor.execute("GRANT INSERT ON audit.actions TO %s@'%%'", (actor,))
        try:
            with _connected({**auditor, "username": actor, "password": password}) as own, own.cursor() as their:
                their.execute("INSERT INTO audit.actions VALUES (%s, %s)", (action, object))
                return {"entry": _logged(cursor, own.thread_id())[-1]["entry"]}
        finally:
            cursor.execute("DROP USER %s@'%%'", (actor,))


def query(ctx, object):
    """What the server's log has of that object."""
    with _connected(ctx.endpoints["audit"]) as connection, connection.cursor() as cursor:
        return {"entries": [entry for entry in _logged(cursor) if entry["object"] == object]}


def _logged(cursor, thread=None):
    cursor.execute("SELECT load_file(@@server_audit_file_path)")
    lines = _LINE.finditer(cursor.fetchone()[0].decode())
    return [
        {"entry": f"{line['connection']}-{line['query']}", **line.groupdict()}
        for line in lines
        if thread is None or int(line["connection"]) == thread
    ]


def _connected(fields):
    return pymysql.connect(
        host=fields["host"], port=fields["port"], user=fields["username"], password=fields["password"],
        database=fields.get("database"), charset="utf8mb4", autocommit=True, connect_timeout=10,
    )  # fmt: skip
