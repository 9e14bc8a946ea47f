"""What `render` shows: where the project is, and what is typed there."""

from __future__ import annotations

from stackwright.model.report import Rendered
from stackwright.views.page import Ink, Page, Row, counted


def rendered(page: Page, done: Rendered) -> None:
    """The folder, then the commands."""
    page.line(Ink("✓ ", "green"), f"wrote {counted(len(done.files), 'file')} to {done.folder}")
    page.blank()
    page.table(
        ("", ""),
        [
            Row((f"cd {done.folder}", "")),
            Row(("terraform init && terraform apply", Ink("start it; tofu does as well", "dim"))),
            Row((f"stack smoke {done.name}", Ink("prove that it works together", "dim"))),
            Row(("terraform destroy", Ink("stop it; its data stay", "dim"))),
            Row((f"stack down {done.name}", Ink("remove all of it, and prove it", "dim"))),
        ],
    )
