"""Which cluster is asked, and what is said where it does not answer, or is not the one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import apiserver
from stackwright.errors import StackError
from stackwright.places.kubernetes import cluster, namespace
from stackwright.runtime.workspace import Workspace


def code(error: pytest.ExceptionInfo[StackError]) -> str:
    """Of its first diagnostic."""
    return error.value.diagnostics[0].code


def test_it_answers(api: apiserver.Api) -> None:
    """Its version, its address and the context by which it was found are told."""
    api.answers["/version"] = {"gitVersion": "v1.34.4"}

    assert cluster.about() == f"v1.34.4 at `http://127.0.0.1:{api.port}` (context `told`)"


def test_there_is_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place that was looked at is named; a file that is none is no better."""
    file = tmp_path / "none"
    monkeypatch.setenv("KUBECONFIG", str(file))
    cluster.forget()
    with pytest.raises(StackError) as error:
        cluster.about()
    assert code(error) == "P180" and str(file) in error.value.diagnostics[0].detail

    file.write_text("- no\n- mapping\n")
    cluster.forget()
    with pytest.raises(StackError) as error:
        cluster.about()
    assert code(error) == "P180"


def test_a_context_that_is_not_there(api: apiserver.Api) -> None:
    """The contexts that there are are named."""
    with pytest.raises(StackError) as error:
        cluster.about("other")
    assert code(error) == "P181" and "`told`" in error.value.diagnostics[0].detail


def test_a_kubeconfig_without_a_current_context(api: apiserver.Api) -> None:
    """It is enough that the manifest names one; else that is what is missing."""
    told = apiserver.config(f"http://127.0.0.1:{api.port}")
    del told["current-context"]
    api.kubeconfig.write_text(json.dumps(told))
    api.answers["/version"] = {"gitVersion": "v1.34.4"}
    assert "v1.34.4" in cluster.about("told")
    with pytest.raises(StackError) as error:
        cluster.about()
    assert code(error) == "P180" and "current-context" in error.value.diagnostics[0].detail


def test_nobody_listens(api: apiserver.Api) -> None:
    """A cluster that is down is told with its address and the reason."""
    api.kubeconfig.write_text(json.dumps(apiserver.config("http://127.0.0.1:1")))
    with pytest.raises(StackError) as error:
        cluster.about()
    assert code(error) == "P182" and "Connection refused" in error.value.diagnostics[0].detail


@pytest.mark.parametrize(("status", "word"), [(401, "whoami"), (403, "can-i"), (409, "events")])
def test_it_refuses(api: apiserver.Api, status: int, word: str) -> None:
    """What the API says is passed on, with what one does about it."""
    api.answers["/version"] = status
    with pytest.raises(StackError) as error:
        cluster.about()
    assert code(error) == "P184" and f"told to say {status}" in error.value.diagnostics[0].detail
    assert word in error.value.diagnostics[0].hint


def test_another_cluster(api: apiserver.Api, ws: Workspace) -> None:
    """A stack that is on one cluster is not touched on another, whatever that is called."""
    with cluster.asking("x", ws) as found:
        cluster.claim(ws, found, {"load": "containerd"})
    assert cluster.claimed(ws) == cluster.Claim("here", "told", {"load": "containerd"})

    api.answers[apiserver.KUBE_SYSTEM] = {"metadata": {"uid": "elsewhere"}}
    with pytest.raises(StackError) as error:
        namespace.find(ws)
    assert code(error) == "P183"


def test_a_namespace_of_somebody_else(api: apiserver.Api, ws: Workspace) -> None:
    """One of that name without our label is left alone."""
    import threading

    api.lists("/api/v1/namespaces", {"metadata": {"name": ws.id, "uid": "1"}})
    with pytest.raises(StackError) as error:
        namespace.ensure(ws, {}, threading.Event())
    assert code(error) == "P185"
