"""The cluster, found as the user's own `kubectl` finds it; asked in paths and JSON, its refusals become diagnostics.

Credentials are the official client's business: tokens, certificates and the programs that a kubeconfig names for them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from stackwright.errors import Diagnostic, StackError
from stackwright.runtime.files import write_atomic
from stackwright.runtime.workspace import Workspace

Thing = dict[str, Any]  # an object of the API

MERGE = "application/merge-patch+json"
_SECONDS = 30.0  # for one answer
_TRIES = 3
_KUBE_SYSTEM = "/api/v1/namespaces/kube-system"


class Claim(NamedTuple):
    """Which cluster a stack is on, as its workspace remembers it."""

    uid: str = ""  # of kube-system; empty for a stack that never had anything on one
    context: str | None = None
    cluster: dict[str, Any] = {}  # the manifest's section, as Terraform carries it


class ApiError(Exception):
    """The API server said no."""

    def __init__(self, status: int, said: str, reason: str = "") -> None:
        super().__init__(said)
        self.status, self.said, self.reason = status, said, reason


class SilenceError(Exception):
    """The API server did not answer."""


class Cluster:
    """One API server, with the credentials of one context."""

    def __init__(self, client: Any, context: str) -> None:
        self.client = client  # kubernetes.client.ApiClient; it comes without types
        self.context = context

    @property
    def host(self) -> str:
        """Its address."""
        return str(self.client.configuration.host)

    def get(self, path: str, **query: Any) -> Thing:
        """The object or list at a path."""
        return self._json("GET", path, query)

    def find(self, path: str, **query: Any) -> Thing | None:
        """The object at a path; None where there is none."""
        try:
            return self.get(path, **query)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def items(self, path: str, **query: Any) -> list[Thing]:
        """All of a list, however many pages that takes."""
        found: list[Thing] = []
        rest = ""
        while True:
            page = self.get(path, limit=500, **query, **({"continue": rest} if rest else {}))
            found += page.get("items") or []
            rest = page.get("metadata", {}).get("continue") or ""
            if not rest:
                return found

    def make(self, path: str, thing: Thing) -> Thing:
        """Make an object in the list at a path."""
        return self._json("POST", path, {}, thing)

    def replace(self, path: str, thing: Thing) -> Thing:
        """Put another in its place."""
        return self._json("PUT", path, {}, thing)

    def patch(self, path: str, change: Thing) -> Thing | None:
        """Change parts of an object; None where there is none."""
        try:
            return self._json("PATCH", path, {}, change, {"Content-Type": MERGE})
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def remove(self, path: str, grace: int | None = None) -> None:
        """Ask for an object's end; one that is gone is fine."""
        options: Thing = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self._json("DELETE", path, {}, options)
        except ApiError as error:
            if error.status != 404:
                raise

    def text(self, path: str, **query: Any) -> str:
        """What is no JSON, such as a log."""
        return self._answer("GET", path, query).decode(errors="replace")

    def accepted(self, path: str, kind: str) -> Thing:
        """The answer in one of the API's other forms."""
        found: Thing = json.loads(self._answer("GET", path, {}, None, {"Accept": kind}))
        return found

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Thing:
        found: Thing = json.loads(self._answer(method, path, query, body, headers))
        return found

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        asked = [(name, str(value)) for name, value in query.items()]
        self.client.update_params_for_auth(sent, asked, ["BearerToken"])
        for left in reversed(range(_TRIES if method == "GET" else 1)):
            try:
                answer = self.client.request(
                    method, self.host + path, query_params=asked, headers=sent, body=body,
                    _preload_content=False, _request_timeout=_SECONDS,
                )  # fmt: skip
                return bytes(answer.data)
            except ApiException as error:
                if error.status in (429, 500, 502, 503, 504) and left:
                    continue
                if not error.status:  # the client's word for what is wrong with certificates
                    raise SilenceError(str(error.reason).strip()) from error
                raise _refusal(error) from error
            except HTTPError as error:
                if not left:
                    raise SilenceError(_reason(error)) from error
        raise AssertionError  # the last try has returned or raised


def connect(ws: Workspace | None = None, context: str | None = None) -> Cluster:
    """The cluster of a stack, or of a context; StackError says what to do where there is none to ask."""
    own = ws.root / "kubeconfig" if ws else None
    file = str(own) if own and own.is_file() else ""
    context = context or (claimed(ws).context if ws else None)
    return _connect(file, context, *(os.environ.get(name) for name in ("KUBECONFIG", "HOME")))


@lru_cache(maxsize=8)
def _connect(file: str, context: str | None, *_: str | None) -> Cluster:
    from kubernetes import client, config

    where = file or default_location()
    settings = client.Configuration()
    try:
        known = [one["name"] for one in config.kube_config.KubeConfigMerger(where).config.value.get("contexts") or ()]
        if context and context not in known:
            raise StackError(_no_context(context, known))
        chosen = context or config.list_kube_config_contexts(where)[1]["name"]
        config.load_kube_config(where, chosen, settings, persist_config=False)
    except config.ConfigException as error:
        raise StackError(_no_config(where, str(error))) from error
    except (OSError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise StackError(_no_config(where, f"it cannot be read ({error})")) from error
    settings.retries = False  # our own, which know what may be asked twice
    return Cluster(client.ApiClient(settings), chosen)


def default_location() -> str:
    """Where the user's kubeconfig is looked for."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def forget() -> None:
    """Read the kubeconfig again: who is refused may have got other credentials."""
    _connect.cache_clear()


@contextmanager
def asking(subject: str, ws: Workspace | None = None, context: str | None = None) -> Iterator[Cluster]:
    """The cluster, asked about `subject`: its errors leave as diagnostics."""
    cluster = connect(ws, context)
    try:
        yield cluster
    except ApiError as error:
        raise StackError(_refused(cluster, subject, error)) from error
    except SilenceError as error:
        raise StackError(_unreachable(cluster, str(error))) from error


def claim(ws: Workspace, cluster: Cluster, section: Mapping[str, Any]) -> None:
    """Note on which cluster the stack is, before anything of it is there; StackError where that is another one."""
    here, before = uid(cluster), claimed(ws)
    if before.uid and here != before.uid:
        raise StackError(_another(ws, cluster, before))
    now = Claim(here, cluster.context, dict(section))
    if now != before:
        write_atomic(_note(ws), json.dumps(now._asdict(), indent=1, sort_keys=True).encode())


def same(ws: Workspace, cluster: Cluster) -> None:
    """StackError where what answers is not the cluster that the stack is on."""
    before = claimed(ws)
    if before.uid and uid(cluster) != before.uid:
        raise StackError(_another(ws, cluster, before))


def claimed(ws: Workspace) -> Claim:
    """What the workspace remembers. Not in the journal: it must outlive a `down` that keeps the data."""
    try:
        found = json.loads(_note(ws).read_bytes())
        return Claim(found["uid"], found["context"], found.get("cluster") or {})
    except (OSError, ValueError, KeyError, TypeError):
        return Claim()


def disclaim(ws: Workspace) -> None:
    """The cluster that the stack was on is no more; the next one may be another."""
    _note(ws).unlink(missing_ok=True)
    forget()


def uid(cluster: Cluster) -> str:
    """By what a cluster is known, whatever its contexts are called."""
    return str(cluster.get(_KUBE_SYSTEM)["metadata"]["uid"])


def _note(ws: Workspace) -> Path:
    return ws.root / "cluster"


def about(context: str | None = None) -> str:
    """Which cluster answers, and where."""
    with asking("version", context=context) as cluster:
        return f"{cluster.get('/version')['gitVersion']} at {where(cluster)}"


def where(cluster: Cluster) -> str:
    """The cluster, as the user chose it."""
    return f"`{cluster.host}` (context `{cluster.context}`)"


def _refusal(error: Any) -> ApiError:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        status = json.loads(body)
        return ApiError(error.status, str(status.get("message") or error.reason), str(status.get("reason") or ""))
    except (ValueError, AttributeError):
        return ApiError(error.status, body.strip() or str(error.reason or f"status {error.status}"))


def _reason(error: BaseException) -> str:
    """The innermost cause: the client wraps it several times."""
    inner = getattr(error, "reason", None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "reason", None)
    text = str(getattr(error, "strerror", None) or error)
    return text.rpartition(">: ")[2] or text


def _no_config(where: str, why: str) -> Diagnostic:
    return Diagnostic(
        code="P180",
        summary="no cluster is configured",
        detail=f"`target: kubernetes` speaks to the cluster that a kubeconfig names, and there is none at `{where}`: "
        f"{why.rstrip('.')}.",
        hint="name yours, and see whether it answers\n    export KUBECONFIG=/path/to/kubeconfig\n    kubectl get nodes",
    )


def _no_context(name: str, known: list[str]) -> Diagnostic:
    there = ", ".join(f"`{one}`" for one in known) or "none"
    return Diagnostic(
        code="P181",
        summary="kubeconfig has no such context",
        detail=f"The cluster should be that of the context `{name}`, and the kubeconfig has {there}.",
        hint="see which there are, and write one of them into the manifest's `cluster.context`\n"
        "    kubectl config get-contexts",
    )


def _unreachable(cluster: Cluster, reason: str) -> Diagnostic:
    return Diagnostic(
        code="P182",
        summary="cluster cannot be reached",
        detail=f"Nothing answers at {where(cluster)}: {reason.rstrip('.')}.",
        hint="see whether it runs and whether the address is right\n    kubectl cluster-info",
    )


def _another(ws: Workspace, cluster: Cluster, before: Claim) -> Diagnostic:
    return Diagnostic(
        code="P183",
        summary="another cluster",
        detail=f"What `{ws.name}` has in a cluster is in another one (its context was `{before.context}`) than "
        f"{where(cluster)}, which answers now.",
        hint="choose the cluster as it was chosen when the stack was started; which there are is shown by\n"
        "    kubectl config get-contexts",
    )


def _refused(cluster: Cluster, subject: str, error: ApiError) -> Diagnostic:
    if error.status == 401:
        hint = "log in to the cluster again, and see whether it knows you\n    kubectl auth whoami"
    elif error.status == 403:
        hint = "ask for that right, or see what you may do\n    kubectl auth can-i --list"
    else:
        hint = "what the cluster does is shown by\n    kubectl get events --all-namespaces"
    return Diagnostic(
        code="P184",
        summary="cluster refused",
        detail=f"`{subject}`: {where(cluster)} said: {error.said.strip().rstrip('.')}.",
        hint=hint,
    )
