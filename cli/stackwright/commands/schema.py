"""`stack schema`: what editors check a stack.yaml against."""

from __future__ import annotations

from stackwright.errors import Exit


def run() -> Exit:
    """Print the JSON Schema of stack.yaml.

    Editors complete and check a manifest with it. It holds the layers and the tools of this version's catalog; what
    only the resolver can know is said by `stack validate`. An editor with a YAML language server takes it from the
    first line of the manifest:

        # yaml-language-server: $schema=stack.schema.json

    Example:
        stack schema > stack.schema.json
    """
    import json

    from stackwright.operations import schema as operations
    from stackwright.views import terminal

    terminal.write(json.dumps(operations.schema(), ensure_ascii=False, indent=2) + "\n")
    return Exit.FINE
