"""Redis's verbs: a table is a list of keys, a row a hash of JSON values."""

import json

import redis


def write_rows(ctx, table, rows):
    """Put the rows into a table made anew, in one transaction."""
    with _connected(ctx) as client, client.pipeline(transaction=True) as pipe:
        pipe.delete(table, *client.lrange(table, 0, -1))
        for number, row in enumerate(rows):
            pipe.hset(f"{table}:{number}", mapping={name: json.dumps(value) for name, value in row.items()})
            pipe.rpush(table, f"{table}:{number}")
        pipe.execute()
    return {"rows": len(rows)}


def read_rows(ctx, table):
    """All rows of that table."""
    with _connected(ctx) as client, client.pipeline() as pipe:
        for key in client.lrange(table, 0, -1):
            pipe.hgetall(key)
        return {"rows": [{name: json.loads(value) for name, value in row.items()} for row in pipe.execute()]}


def _connected(ctx):
    return redis.Redis.from_url(ctx.endpoints["store"]["url"], socket_timeout=10, decode_responses=True)
