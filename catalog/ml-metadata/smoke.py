"""ML Metadata's verbs: a run is an execution, what it reads and makes are artifacts, tied by events."""

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as proto


def record(ctx, run, inputs, outputs):
    """The run as an execution, with an event for everything that it read or made."""
    store = _store(ctx)
    execution = proto.Execution(type_id=store.put_execution_type(proto.ExecutionType(name="run")), name=run)
    kind = store.put_artifact_type(proto.ArtifactType(name="artefact"))
    read = [(_artifact(store, kind, uri), proto.Event(type=proto.Event.INPUT)) for uri in inputs]
    made = [(_artifact(store, kind, uri), proto.Event(type=proto.Event.OUTPUT)) for uri in outputs]
    store.put_execution(execution, read + made, [])


def trace(ctx, artefact):
    """The runs behind the artefact: its maker, then the makers of what that one read, and so on."""
    store, runs = _store(ctx), {}
    edge = [found.id for found in store.get_artifacts_by_uri(artefact)]
    seen = set(edge)
    while edge:
        makers = {event.execution_id for event in _events(store.get_events_by_artifact_ids, edge, proto.Event.OUTPUT)}
        makers -= runs.keys()
        runs |= {found.id: found.name for found in store.get_executions_by_id(makers)}
        read = _events(store.get_events_by_execution_ids, makers, proto.Event.INPUT)
        edge = list({event.artifact_id for event in read} - seen)
        seen.update(edge)
    return {"runs": list(runs.values())}


def _artifact(store, kind, uri):
    """What has this address, known already or new."""
    found = store.get_artifacts_by_uri(uri)
    return found[0] if found else proto.Artifact(type_id=kind, uri=uri)


def _events(ask, ids, kind):
    return [event for event in ask(ids) if event.type == kind] if ids else []


def _store(ctx):
    config, fields = proto.ConnectionConfig(), ctx.needs.get("store")
    if fields:
        server = config.postgresql
        server.host, server.port, server.dbname = fields["host"], str(fields["port"]), fields["database"]
        server.user, server.password, server.skip_db_creation = fields["username"], fields["password"], True
    else:
        Path(ctx.env["MLMD_SQLITE"]).parent.mkdir(parents=True, exist_ok=True)
        config.sqlite.filename_uri = ctx.env["MLMD_SQLITE"]
        config.sqlite.connection_mode = proto.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return MetadataStore(config)
