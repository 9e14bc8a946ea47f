"""docs/manifest.md says what is true."""

import re
from pathlib import Path

from stackwright.catalog.load import Catalog
from stackwright.manifest.load import _TARGETS_LATER, load_manifest
from stackwright.manifest.mistakes import _LATER
from stackwright.manifest.schema import ClusterShape, JobsShape, ManifestShape, ToolShape
from stackwright.resolve import Identity, resolve

PAGE = (Path(__file__).parents[3] / "docs" / "manifest.md").read_text()


def test_the_example_is_a_stack(tmp_path: Path) -> None:
    """The page's example loads and resolves over the real catalog, with nothing to complain about."""
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    file = tmp_path / "stack.yaml"
    file.write_text(example[1])
    manifest, wrong = load_manifest(file, Catalog.shipped())
    assert wrong == []
    assert manifest is not None
    identity = Identity("churn-eval-000000", tmp_path, {}, False, tmp_path, tmp_path)
    plan, found = resolve(manifest, Catalog.shipped(), identity)
    assert found == []
    assert plan is not None
    assert plan.component("experiment-tracking").layers == ("experiment-tracking", "model-registry")


def test_every_key_is_documented() -> None:
    """Each key of the schema is on the page, and each that a later release will honour."""
    keys = [*ManifestShape.model_fields, *ToolShape.model_fields, *_LATER]
    keys = [key for key in keys if key != "jobs"] + [f"jobs.{key}" for key in JobsShape.model_fields]
    keys += [f"cluster.{key}" for key in ClusterShape.model_fields]
    assert [key for key in keys if f"`{key}`" not in PAGE and f"**`{key}`**" not in PAGE] == []
    assert [t for t in _TARGETS_LATER if not t.startswith("cloud-") and f"`{t}`" not in PAGE] == []
