"""`cluster:` of a manifest: what is kept, and each thing that does not fit or does not go together."""

from collections.abc import Callable

import pytest

from stackwright.errors import Diagnostic
from stackwright.model.cluster import Cluster, Gpu, Nodes
from stackwright.model.manifest import Manifest

Load = Callable[[str], tuple[Manifest | None, list[Diagnostic]]]
HEAD = "name: a\nlayers: {database: tinydb}\ncluster:\n"


def test_everything_that_can_be_said(load: Load) -> None:
    """Each word arrives, with its place."""
    manifest, found = load(
        HEAD + "  provider: aws-eks\n  registry: registry.example.org:5000/team/x\n  storage: 16Gi\n"
        "  storage_class: gp3\n  region: eu-central-1\n  nodes: {type: m7i.xlarge, min: 2, max: 3}\n"
        "  gpu: {type: nvidia-l4, max: 2}\n"
    )
    assert found == [] and manifest is not None and manifest.cluster is not None
    cluster = manifest.cluster.model_copy(update={"where": None, "places": {}})
    assert cluster == Cluster(
        provider="aws-eks",
        registry="registry.example.org:5000/team/x",
        storage="16Gi",
        storage_class="gp3",
        region="eu-central-1",
        nodes=Nodes(type="m7i.xlarge", min=2, max=3),
        gpu=Gpu(type="nvidia-l4", min=0, max=2),
    )
    assert manifest.cluster.places["gpu.type"].line == 10 and manifest.cluster.where is not None


def test_nothing_has_to_be_said(load: Load) -> None:
    """Without the key there is no cluster; an empty one is the current context's."""
    assert load(HEAD.removesuffix("cluster:\n"))[0].cluster is None  # type: ignore[union-attr]
    manifest, found = load(HEAD.removesuffix("\n") + " {}\n")
    assert found == [] and manifest is not None and manifest.cluster is not None
    assert (manifest.cluster.provider, manifest.cluster.context) == ("existing", None)


MISTAKES = {
    "  registry: a.example.org/x\n  load: kind\n": [("M026", 5, 3)],
    "  region: eu-west-1\n": [("M027", 4, 3)],
    "  nodes: {max: 2}\n  gpu: {type: nvidia-l4}\n": [("M027", 4, 3), ("M027", 5, 3)],
    "  provider: aws-eks\n  context: x\n  load: containerd\n": [("M027", 5, 3), ("M027", 6, 3)],
    "  provider: gcp-gke\n  nodes: {min: 4}\n": [("M028", 5, 16)],
    "  provider: gcp-gke\n  gpu: {type: nvidia-l4, min: 2, max: 1}\n": [("M028", 5, 31)],
    "  context: prod\n": [("M029", 3, 1)],
    "  provider: aws\n": [("M006", 4, 13)],
    "  load: docker\n": [("M006", 4, 9)],
    "  registry: team/images\n": [("M031", 4, 13)],  # of the public registry, and perhaps somebody else's
    "  registry: https://example.org/x\n": [("M031", 4, 13)],
    "  storage: 8GB\n": [("M031", 4, 12)],
    "  storage: 0Gi\n": [("M031", 4, 12)],
    "  storage: 8\n": [("M006", 4, 12)],
    "  storage_class: Fast\n": [("M031", 4, 18)],
    "  context: --all\n": [("M031", 4, 12)],
    "  provider: aws-eks\n  region: EU\n": [("M031", 5, 11)],
    "  provider: aws-eks\n  nodes: {type: m7i xlarge}\n": [("M031", 5, 17)],
    "  provider: aws-eks\n  gpu: {max: 1}\n": [("M003", 5, 8)],
    "  provider: aws-eks\n  nodes: {max: 0}\n": [("M006", 5, 16)],
    "  provider: aws-eks\n  nodes: {count: 2}\n": [("M001", 5, 11)],
}


@pytest.mark.parametrize("text", MISTAKES)
def test_each_mistake(load: Load, text: str) -> None:
    """It has its code, its exact place, and what to type instead."""
    _, found = load(HEAD + text)
    assert [(one.code, one.where.line, one.where.column) for one in found if one.where] == MISTAKES[text]
    assert all(one.hint or one.code == "M006" for one in found)


@pytest.mark.parametrize("context", ["kind-demo", "k3d-demo"])
def test_some_contexts_say_how_images_get_there(load: Load, context: str) -> None:
    """Those that kind and k3d make."""
    assert load(HEAD + f"  context: {context}\n")[1] == []


@pytest.mark.parametrize("context", ["arn:aws:eks:eu-central-1:1234:cluster/x", "gke_p_europe-west4-a_x", "me@home"])
def test_contexts_as_clouds_and_people_call_them(load: Load, context: str) -> None:
    """Colons, slashes, `@` and `_` belong to them."""
    manifest, found = load(HEAD + f"  context: {context}\n  load: containerd\n")
    assert found == [] and manifest is not None and manifest.cluster is not None
    assert manifest.cluster.context == context
