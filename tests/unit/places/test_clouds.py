"""What Google and Azure still have of a stack, and how it is removed, by their command lines."""

from __future__ import annotations

from pathlib import Path

import pytest

import cloudclis
from stackwright.places.azure import Azure
from stackwright.places.cloud import CloudError, Machines, NoCredentialsError, NoProgramError, Quota, Thing
from stackwright.places.gcp import Gcp

STACK = "demo-1f2e3d"
EMPTY = ("container clusters", "compute instances", "compute disks", "compute forwarding-rules", "compute routers",
         "compute firewall-rules", "compute networks subnets", "compute networks", "iam service-accounts")  # fmt: skip


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cloudclis.Programs:
    found = cloudclis.Programs(tmp_path / "programs", monkeypatch)
    found.put("gcloud", cloudclis.GCLOUD | {f"{group} list": [] for group in EMPTY})
    found.put("az", cloudclis.AZ | {"group list": [], "resource list": []})
    cloudclis.logged_in(tmp_path, monkeypatch)
    return found


def test_a_machine_with_a_gpu_beside_it_needs_both_in_one_zone(programs: cloudclis.Programs) -> None:
    """The machine is in two zones, the GPU in one of them."""
    offers = Gcp().offers("us-central1", [Machines("n1-standard-4", 2, 4, "nvidia-t4", 1)])
    assert offers["n1-standard-4"].zones == ("us-central1-c",)
    offers = Gcp().offers("us-central1", [Machines("n1-standard-4", 2, 4, "nvidia-l4", 1)])
    assert "no zone of `us-central1` has `nvidia-l4` with it" not in offers["n1-standard-4"].why_not


def test_a_machine_that_is_nowhere_in_the_region_is_not_offered(programs: cloudclis.Programs) -> None:
    """With the reason, in the region's name."""
    offer = Gcp().offers("europe-west4", [Machines("g2-standard-4", 1, 4)])["g2-standard-4"]
    assert offer.zones == () and offer.why_not == "no zone of `europe-west4` has `g2-standard-4`"
    barred = Azure().offers("eastus", [Machines("Standard_NC40ads_H100_v5", 1, 40), Machines("Standard_X", 1, 2)])
    assert "NotAvailableForSubscription" in barred["Standard_NC40ads_H100_v5"].why_not
    assert barred["Standard_X"].why_not == "`eastus` has no `Standard_X`"


def test_quotas_are_what_the_cloud_counts(programs: cloudclis.Programs) -> None:
    """Cores of a family, GPUs of a kind, and those of the whole project or region."""
    found = Gcp().quotas(
        "us-central1", [Machines("e2-standard-4", 3, 4), Machines("g2-standard-4", 2, 4, "nvidia-l4", 1)]
    )
    assert found == [
        Quota("CPUS", 72.0, 8.0, 20.0),
        Quota("NVIDIA_L4_GPUS", 4.0, 1.0, 2.0),
        Quota("GPUS_ALL_REGIONS", 3.0, 0.0, 2.0),
    ]
    assert not Quota("x", 4, 3, 2).enough and Quota("x", 4, 2, 2).enough
    found = Azure().quotas("eastus", [Machines("Standard_D4s_v5", 3, 4), Machines("Standard_NC4as_T4_v3", 1, 4)])
    assert [(one.name, one.wanted) for one in found] == [
        ("Standard DSv5 Family vCPUs", 12),
        ("Total Regional vCPUs", 16),
        ("Standard NCASv3_T4 Family vCPUs", 4),
    ]


def test_nothing_is_an_empty_listing_of_every_kind(programs: cloudclis.Programs) -> None:
    """Each kind is asked for by itself: no search of Google's finds them all."""
    assert Gcp().things(STACK, "us-central1") == [] and Azure().things(STACK, "eastus") == []
    asked = [one for one in programs.asked if " list " in one and STACK in one]
    assert len(asked) == len(EMPTY) + 2


def test_what_google_has_is_removed_in_the_order_in_which_it_can_be(programs: cloudclis.Programs) -> None:
    """A cluster before its network, each by the command of its kind and in its own place."""
    one = {"name": STACK}
    programs.put(
        "gcloud",
        cloudclis.GCLOUD
        | {f"{group} list": [] for group in EMPTY}
        | {"container clusters list": [{**one, "location": "us-central1"}], "compute networks list": [one]}
        | {"compute disks list": [{"name": "pvc-1", "zone": "https://x/zones/us-central1-a"}]}
        | {"iam service-accounts list": [{"name": "projects/p/x", "email": "demo@p.iam"}]}
        | {"container clusters delete": {"said": ""}, "compute disks delete": {"said": ""}},
    )
    cloud = Gcp()
    things = cloud.things(STACK, "us-central1")
    assert [(thing.kind, thing.name, thing.place) for thing in things] == [
        ("cluster", STACK, "us-central1"),
        ("disk", "pvc-1", "us-central1-a"),
        ("network", STACK, "us-central1"),
        ("service account", "demo@p.iam", "us-central1"),
    ]
    for thing in things[:2]:
        cloud.remove(thing)
    assert programs.asked[-2].startswith(f"gcloud container clusters delete {STACK} --location=us-central1")
    assert programs.asked[-1].startswith("gcloud compute disks delete pvc-1 --zone=us-central1-a")


def test_azure_removes_a_group_with_all_that_is_in_it(programs: cloudclis.Programs) -> None:
    """What carries the tag elsewhere is a thing of its own."""
    group = {"name": STACK, "location": "eastus"}
    other = {"id": "/subscriptions/s/x/disk", "location": "eastus", "resourceGroup": "theirs"}
    inside = {"id": "/subscriptions/s/x/net", "location": "eastus", "resourceGroup": STACK.upper()}
    programs.put(
        "az",
        cloudclis.AZ | {"group list": [group], "resource list": [other, inside], "group delete": {"said": ""}},
    )
    cloud = Azure()
    things = cloud.things(STACK, "eastus")
    assert things == [Thing("group", STACK, "eastus"), Thing("resource", "/subscriptions/s/x/disk", "eastus")]
    cloud.remove(things[0])
    assert programs.asked[-1].startswith(f"az group delete --name {STACK} --yes")


def test_who_is_not_reached_has_denied_nobody(programs: cloudclis.Programs) -> None:
    """A network that is down is not a login that is missing, whatever words it is told in."""
    said = "There was a problem refreshing your auth tokens: Max retries exceeded with url: /token\n\nPlease run: login"
    programs.put("gcloud", cloudclis.GCLOUD | {"compute regions list": said})
    with pytest.raises(CloudError) as caught:
        Gcp().regions()
    assert not isinstance(caught.value, NoCredentialsError) and "Please run" not in caught.value.detail
    programs.put("gcloud", cloudclis.GCLOUD | {"compute regions list": "Your credentials are invalid."})
    with pytest.raises(NoCredentialsError):
        Gcp().regions()


def test_no_project_and_no_program_are_told_apart(
    programs: cloudclis.Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with what to type."""
    programs.put("gcloud", {"config list": {}})
    with pytest.raises(NoCredentialsError, match="No project"):
        Gcp().account()
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "named")
    assert Gcp().account().id == "named"
    (programs.folder / "az").unlink()
    with pytest.raises(NoProgramError) as caught:
        Azure().account()
    assert "https://" in caught.value.hint
