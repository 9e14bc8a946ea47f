"""Google's cloud, asked by its own command line `gcloud`, with the credentials that Terraform has, too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from stackwright.places.cloud import (
    Account,
    CloudError,
    Machines,
    NoCredentialsError,
    NoProgramError,
    Offer,
    Quota,
    Thing,
)
from stackwright.runtime.cli import AbsentError, UnansweredError, ask, ask_json, denied, gist

_LOGIN = "log in, for Terraform and for us\n    gcloud auth application-default login"
_DENIED = ("reauth", "credential", "invalid_grant", "unauthenticated", "log in", "login", "401")
_PROJECT = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "CLOUDSDK_CORE_PROJECT")
# Which quota counts a GPU, and what the cloud calls it.
_COUNTED = {
    "nvidia-t4": "NVIDIA_T4_GPUS",
    "nvidia-l4": "NVIDIA_L4_GPUS",
    "nvidia-a100-40gb": "NVIDIA_A100_GPUS",
    "nvidia-a100-80gb": "NVIDIA_A100_80GB_GPUS",
    "nvidia-h100-80gb": "NVIDIA_H100_GPUS",
}
_ACCELERATORS = {"nvidia-t4": "nvidia-tesla-t4", "nvidia-a100-40gb": "nvidia-tesla-a100"}  # the others: as they are
# Everything that the module makes or that GKE makes for it, in the order in which it can be deleted.
_KINDS = (
    ("cluster", ("container", "clusters"), "resourceLabels.stackwright-stack={stack}", "location"),
    ("instance", ("compute", "instances"), "labels.stackwright-stack={stack}", "zone"),
    ("disk", ("compute", "disks"), "labels.stackwright-stack={stack} OR labels.goog-k8s-cluster-name={stack}", "zone"),
    ("forwarding rule", ("compute", "forwarding-rules"), "network~/{stack}$", "region"),
    ("firewall rule", ("compute", "firewall-rules"), "network~/{stack}$", ""),
    ("router", ("compute", "routers"), "network~/{stack}$", "region"),
    ("subnet", ("compute", "networks", "subnets"), "network~/{stack}$", "region"),
    ("network", ("compute", "networks"), "name={stack}", ""),
    ("service account", ("iam", "service-accounts"), "displayName={stack}", ""),
)


class Gcp:
    """See `Cloud`."""

    def account(self) -> Account:
        """The project, by the usual variables, else by gcloud's own setting."""
        return self._account

    @cached_property
    def _account(self) -> Account:
        config = self._ask("config", "list")
        project = next((os.environ[name] for name in _PROJECT if os.environ.get(name)), "")
        project = project or config.get("core", {}).get("project", "")
        if not project:
            hint = "name it\n    export GOOGLE_CLOUD_PROJECT=PROJECT"
            raise NoCredentialsError("No project is named that would pay", hint)
        return Account(project, self._credentials.name, config.get("compute", {}).get("region", ""))

    def regions(self) -> list[str]:
        """As the project sees them."""
        return sorted(self._quotas)

    def offers(self, region: str, machines: Sequence[Machines]) -> dict[str, Offer]:
        """The zones that have the machine, and its GPU where that is a thing of its own."""
        types = self._zones("machine-types", region, [one.type for one in machines])
        extra = {one.type: _ACCELERATORS.get(one.gpu, one.gpu) for one in machines if one.gpu}
        gpus = self._zones("accelerator-types", region, list(extra.values())) if extra else {}
        found = {}
        for one in machines:
            zones, why = types.get(one.type, set()), f"no zone of `{region}` has `{one.type}`"
            if zones and one.type in extra:
                zones, why = zones & gpus.get(extra[one.type], set()), f"no zone of `{region}` has `{one.gpu}` with it"
            found[one.type] = Offer(tuple(sorted(zones)), "" if zones else why)
        return found

    def quotas(self, region: str, machines: Sequence[Machines]) -> list[Quota]:
        """Cores by family, GPUs by kind, and GPUs of the whole project."""
        known, wanted = self._quotas[region], dict[str, float]()
        for one in machines:
            family = f"{one.type.split('-', 1)[0].upper()}_CPUS"
            for name, each in ((family if family in known else "CPUS", one.cpu), (_COUNTED.get(one.gpu, ""), one.gpus)):
                if name and each:
                    wanted[name] = wanted.get(name, 0) + each * one.number
        found = [Quota(name, *known[name], count) for name, count in wanted.items() if name in known]
        gpus = sum(one.gpus * one.number for one in machines)
        if gpus and (everywhere := self._everywhere()):
            found.append(Quota("GPUS_ALL_REGIONS", *everywhere, gpus))
        return found

    def things(self, stack: str, region: str) -> list[Thing]:
        """Kind by kind."""
        found = []
        for kind, group, named, place in _KINDS:
            for one in self._ask(*group, "list", f"--filter={named.format(stack=stack)}"):
                where = str(one.get(place, "")).rsplit("/", 1)[-1]
                found.append(Thing(kind, one["email" if kind == "service account" else "name"], where or region))
        return found

    def remove(self, thing: Thing) -> None:
        """By its own command."""
        group, place = next((group, place) for kind, group, _, place in _KINDS if kind == thing.kind)
        at = [f"--{place}={thing.place}"] if place else []
        if thing.kind == "cluster":  # in a zone or a region, and `location` is both
            at = [f"--location={thing.place}"]
        self._run(*group, "delete", thing.name, *at)

    @cached_property
    def _credentials(self) -> Path:
        """The file of Terraform's own credentials: who asks is who makes."""
        named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
        config = Path(os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
        file = Path(named) if named else config / "application_default_credentials.json"
        if not file.is_file():
            said = f"`GOOGLE_APPLICATION_CREDENTIALS` names `{named}`, which is" if named else f"`{file}` is"
            raise NoCredentialsError(f"{said} not there", _LOGIN)
        return file

    @cached_property
    def _quotas(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Of each region, what is counted: limit and use."""
        listed = self._ask("compute", "regions", "list")
        return {one["name"]: {q["metric"]: (q["limit"], q["usage"]) for q in one["quotas"]} for one in listed}

    def _everywhere(self) -> tuple[float, float] | None:
        told = self._ask("compute", "project-info", "describe")
        return next(((q["limit"], q["usage"]) for q in told["quotas"] if q["metric"] == "GPUS_ALL_REGIONS"), None)

    def _zones(self, kind: str, region: str, names: Sequence[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self._ask("compute", kind, "list", f"--filter=name=({' '.join(sorted(set(names)))})"):
            zone = one["zone"].rsplit("/", 1)[-1]
            if zone.rsplit("-", 1)[0] == region:
                found.setdefault(one["name"], set()).add(zone)
        return found

    def _ask(self, *words: str) -> Any:
        return self._run(*words, "--format=json")

    def _run(self, *words: str) -> Any:
        asked = [*words, "--quiet"]
        if words[0] != "config":
            asked.append(f"--project={self._account.id}")
        env = {"CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": str(self._credentials)}
        try:
            return ask_json(["gcloud", *asked], env) if words[-1] == "--format=json" else ask(["gcloud", *asked], env)
        except AbsentError:
            hint = "install Google's command line\n    https://cloud.google.com/sdk/docs/install"
            raise NoProgramError("`gcloud` is not on PATH", hint) from None
        except UnansweredError as error:
            said = gist(str(error))
            if denied(said, _DENIED):
                raise NoCredentialsError(said, _LOGIN) from None
            raise CloudError(said) from None
