"""Qdrant's verbs: a table is a collection, a row a point whose payload it is and whose vector its numbers are."""

from contextlib import closing

from qdrant_client import QdrantClient
from qdrant_client.models import Distance, PointStruct, VectorParams


def write_rows(ctx, table, rows):
    """Put the rows into a collection of that name made anew."""
    points = [PointStruct(id=number, vector=_vector(row), payload=row) for number, row in enumerate(rows)]
    with _opened(ctx) as client:
        client.delete_collection(table)
        kind = VectorParams(size=len(points[0].vector), distance=Distance.EUCLID)
        client.create_collection(table, vectors_config=kind)
        client.upsert(table, points)
        return {"rows": client.count(table).count}


def read_rows(ctx, table):
    """All rows of that collection."""
    with _opened(ctx) as client:
        points, _ = client.scroll(table, limit=client.count(table).count)
    return {"rows": [point.payload for point in points]}


def _vector(row):
    return [float(value) for value in row.values() if isinstance(value, int | float)] or [0.0]


def _opened(ctx):
    """The folder, closed again after use: only one client at a time may have it."""
    return closing(QdrantClient(path=ctx.env["QDRANT_FOLDER"]))
