"""Oxigraph's verbs: a run is a prov:Activity, what it reads and makes are joined to it by PROV's own words."""

from pathlib import Path
from urllib.parse import quote, unquote

from pyoxigraph import Literal, NamedNode, Quad, Store

_PROV = "http://www.w3.org/ns/prov#"
_OURS = "urn:stack:"
# One step back: who made it, and what did that one read.
_BACK = f"""
PREFIX prov: <{_PROV}>
SELECT DISTINCT ?run ?read WHERE {{
    VALUES ?made {{ %s }}
    ?made prov:wasGeneratedBy ?run .
    OPTIONAL {{ ?run prov:used ?read }}
}} ORDER BY ?run ?read
"""


def record(ctx, run, inputs, outputs):
    """The run's activity, with a statement for everything that it used or generated."""
    activity = _node(run)
    statements = [
        Quad(activity, NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), NamedNode(f"{_PROV}Activity")),
        Quad(activity, NamedNode("http://www.w3.org/2000/01/rdf-schema#label"), Literal(run)),
        *(Quad(activity, NamedNode(f"{_PROV}used"), _node(name)) for name in inputs),
        *(Quad(_node(name), NamedNode(f"{_PROV}wasGeneratedBy"), activity) for name in outputs),
    ]
    _store(ctx).extend(statements)


def trace(ctx, artefact):
    """The runs behind the artefact: its maker, then the makers of what that one used, and so on."""
    store, runs, edge = _store(ctx), {}, {_node(artefact)}
    while edge:
        rows = [row for row in store.query(_BACK % " ".join(map(str, edge))) if row["run"] not in runs]
        runs |= dict.fromkeys(row["run"] for row in rows)
        edge = {row["read"] for row in rows if row["read"]}
    return {"runs": [unquote(run.value.removeprefix(_OURS)) for run in runs]}


def _node(text):
    return NamedNode(f"{_OURS}{quote(text, safe='')}")


def _store(ctx):
    Path(ctx.env["OXIGRAPH_STORE"]).mkdir(parents=True, exist_ok=True)
    return Store(ctx.env["OXIGRAPH_STORE"])
