"""Probe: log in with these credentials, set a key and read it."""

import os

import redis


def probe(fields: dict) -> str:
    """Log in, set a key that expires and read it."""
    value = os.urandom(8).hex()
    key = f"stack-probe-{value}"  # several wires of one server are probed at once
    with redis.Redis.from_url(fields["url"], socket_timeout=5, decode_responses=True) as client:
        client.set(key, value, ex=5)
        back = client.get(key)
        client.delete(key)
    if back != value:
        raise RuntimeError("a key came back changed")
    return f"set and read a key in database {fields['database']}"
