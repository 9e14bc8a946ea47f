"""`gcloud`, `az`, `kind` and `k3d` on PATH that answer as the real ones do, from tables: no cloud can be reached here.

What they were asked is written down, so that a test can say that nothing was made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

REGIONS = [
    {
        "name": region,
        "quotas": [
            {"metric": "CPUS", "limit": 72.0, "usage": 8.0},
            {"metric": "NVIDIA_L4_GPUS", "limit": 4.0, "usage": 1.0},
            {"metric": "NVIDIA_T4_GPUS", "limit": 2.0, "usage": 0.0},
        ],
    }
    for region in ("us-central1", "us-east1", "europe-west4")
]
ZONE = "https://www.googleapis.com/compute/v1/projects/p/zones/"
GCLOUD: dict[str, Any] = {
    "config list": {"core": {"project": "my-project"}, "compute": {"region": "us-central1"}},
    "compute regions list": REGIONS,
    "compute machine-types list": [
        {"name": "e2-standard-4", "zone": "us-central1-a"},
        {"name": "e2-standard-4", "zone": "us-central1-b"},
        {"name": "g2-standard-4", "zone": f"{ZONE}us-central1-a"},
        {"name": "n1-standard-4", "zone": "us-central1-a"},
        {"name": "n1-standard-4", "zone": "us-central1-c"},
    ],
    "compute accelerator-types list": [
        {"name": "nvidia-l4", "zone": f"{ZONE}us-central1-a"},
        {"name": "nvidia-tesla-t4", "zone": "us-central1-c"},
    ],
    "compute project-info describe": {"quotas": [{"metric": "GPUS_ALL_REGIONS", "limit": 3.0, "usage": 0.0}]},
}

_D4, _T4 = "Standard_D4s_v5", "Standard_NC4as_T4_v3"


def _sku(name: str, family: str, *restrictions: dict[str, str]) -> dict[str, Any]:
    zones = [{"location": "eastus", "zones": ["2", "1"]}]
    return {"name": name, "family": family, "locationInfo": zones, "restrictions": list(restrictions)}


def _usage(name: str, told: str, used: int, limit: int) -> dict[str, Any]:
    return {"name": {"value": name, "localizedValue": told}, "currentValue": str(used), "limit": str(limit)}


AZ: dict[str, Any] = {
    "account show": {"id": "0000-1111", "user": {"name": "me@example.com", "type": "user"}},
    "account list-locations": [
        {"name": "eastus", "metadata": {"regionType": "Physical"}},
        {"name": "westeurope", "metadata": {"regionType": "Physical"}},
        {"name": "unitedstates", "metadata": {"regionType": "Logical"}},
    ],
    "vm list-skus": [
        _sku(_D4, "standardDSv5Family"),
        _sku(_T4, "Standard NCASv3_T4 Family"),
        _sku(
            "Standard_NC40ads_H100_v5",
            "StandardNCadsH100v5Family",
            {"type": "Location", "reasonCode": "NotAvailableForSubscription"},
        ),
    ],
    "vm list-usage": [
        _usage("cores", "Total Regional vCPUs", 4, 100),
        _usage("standardDSv5Family", "Standard DSv5 Family vCPUs", 0, 50),
        _usage("Standard NCASv3_T4 Family", "Standard NCASv3_T4 Family vCPUs", 0, 8),
    ],
}


class Programs:
    """A folder that stands first on PATH, and nothing else but the system's own behind it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("PATH", f"{folder}:/bin")  # /usr/bin may have a real one
        self._asked = folder / "asked"
        self._asked.touch()

    def put(self, name: str, answers: dict[str, Any]) -> None:
        """A program that answers commands by their first words; an answer that is a text is an error."""
        table = self.folder / f"{name}.json"
        table.write_text(json.dumps(answers))
        script = self.folder / name
        script.write_text(f"#!{sys.executable} -I\n" + _SCRIPT.format(table=str(table), asked=str(self._asked)))
        script.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """Every command, in order."""
        return self._asked.read_text().splitlines()


_SCRIPT = """
import json, sys
words = " ".join(sys.argv[1:])
with open({asked!r}, "a") as file:
    file.write(sys.argv[0].rsplit("/", 1)[-1] + " " + words.replace("\\n", " ") + "\\n")
with open({table!r}) as file:
    answers = json.load(file)
found = max((key for key in answers if words.startswith(key)), key=len, default=None)
if found is None:
    sys.exit("ERROR: no such command here: " + words)
if isinstance(answers[found], str):
    sys.exit("ERROR: " + answers[found])
plain = isinstance(answers[found], dict) and "said" in answers[found]
print(answers[found]["said"] if plain else json.dumps(answers[found]))
"""


def logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of credentials where Google's libraries look for one; what is in it, nobody reads here."""
    for name in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "CLOUDSDK_CORE_PROJECT", "ARM_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials.json"
    file.write_text("{}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
