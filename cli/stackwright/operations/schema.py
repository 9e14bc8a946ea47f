"""The JSON Schema of stack.yaml, with the words that the catalog knows: what editors complete and check."""

from __future__ import annotations

from typing import Any

_NOISE = ("title", "default")


def schema() -> dict[str, Any]:
    """The shape that the loader checks, its layers and tools by name."""
    from stackwright.catalog.load import Catalog
    from stackwright.manifest.blueprints import blueprint_names
    from stackwright.manifest.schema import ManifestShape
    from stackwright.model.deployer import TARGETS
    from stackwright.model.manifest import SPLIT, layers_of

    catalog = Catalog.shipped()
    document: dict[str, Any] = _quiet(ManifestShape.model_json_schema())
    runnable = {tool: catalog.tool(tool).layers for tool in catalog.tools() if catalog.targets(tool)}
    about = {name: layer.about for name, layer in catalog.layers().items()}
    about |= {whole: f"Short for {' and '.join(parts)}, done by one tool." for whole, parts in SPLIT.items()}
    properties = document["properties"]
    layers = properties["layers"]
    shape = layers.pop("patternProperties").popitem()[1]
    layers |= {"additionalProperties": False, "properties": {}}
    for name, text in about.items():
        tools = sorted(tool for tool, does in runnable.items() if set(layers_of(name)) & set(does))
        # Other names may come from other catalogs: an editor does not suggest them, and does not mind them.
        layers["properties"][name] = {"description": text, "anyOf": [{"enum": tools}, shape]}
    properties["blueprint"] = {"enum": blueprint_names(), "description": "What coverage is measured against."}
    properties["target"] = {"enum": sorted(TARGETS), "description": "Where every layer runs that says no other."}
    document |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "stack.yaml"}
    return document


def _quiet(node: Any) -> Any:
    """Without the titles made of field names and the defaults that say nothing."""
    if isinstance(node, list):
        return [_quiet(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in _NOISE or isinstance(value, dict)}
    return {key: _quiet(value) for key, value in kept.items()}
