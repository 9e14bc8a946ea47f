"""Chroma's verbs: a table is a collection, a row a record whose metadata it is and whose vector its numbers are."""

from contextlib import suppress

import chromadb
from chromadb.errors import NotFoundError


def write_rows(ctx, table, rows):
    """Put the rows into a collection of that name made anew."""
    client = _client(ctx)
    with suppress(NotFoundError):  # there is none the first time
        client.delete_collection(table)
    collection, most = client.create_collection(table, embedding_function=None), client.get_max_batch_size()
    for start in range(0, len(rows), most):
        batch = rows[start : start + most]
        ids = [str(number) for number in range(start, start + len(batch))]
        collection.add(ids=ids, embeddings=[_vector(row) for row in batch], metadatas=batch)
    return {"rows": collection.count()}


def read_rows(ctx, table):
    """All rows of that collection."""
    return {"rows": _client(ctx).get_collection(table, embedding_function=None).get(include=["metadatas"])["metadatas"]}


def _vector(row):
    return [float(value) for value in row.values() if isinstance(value, int | float)] or [0.0]


def _client(ctx):
    fields, settings = ctx.endpoints["api"], chromadb.Settings(anonymized_telemetry=False)
    return chromadb.HttpClient(fields["host"], fields["port"], settings=settings)
