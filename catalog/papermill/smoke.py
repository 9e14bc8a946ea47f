"""Papermill's verb."""

import os
from pathlib import Path

import papermill


def run(ctx, notebook_file):
    """Run a notebook from its first cell to its last; a cell that raises is Papermill's error."""
    os.environ.update(ctx.env)  # what the kernel inherits
    done = ctx.dir / f"{Path(notebook_file).stem}-done.ipynb"
    notebook = papermill.execute_notebook(
        str(notebook_file), str(done), kernel_name="python3", cwd=str(ctx.dir), progress_bar=False,
        execution_timeout=int(ctx.left),
    )  # fmt: skip
    printed = [
        "".join(output["text"] for output in cell.get("outputs", ()) if _printed(output)) for cell in notebook.cells
    ]
    return {"outputs": [text for text in printed if text], "file": str(done)}


def _printed(output):
    return output["output_type"] == "stream" and output["name"] == "stdout"
