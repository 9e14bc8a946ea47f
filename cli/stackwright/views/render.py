"""What `render` shows: where the project is, and what is typed there."""

from __future__ import annotations

from stackwright.model.report import Rendered
from stackwright.views.page import Ink, Page, counted


def rendered(page: Page, done: Rendered) -> None:
    """The folder, then the commands."""
    page.line(Ink("✓ ", "green"), f"wrote {counted(len(done.files), 'file')} to {done.folder}")
    page.blank()
    page.listing(
        {
            f"cd {done.folder}": "",
            "terraform init && terraform apply": "start it; tofu does as well",
            f"stack smoke {done.name}": "prove that it works together",
            "terraform destroy": "stop it; its data stay",
            f"stack down {done.name}": "remove all of it, and free its name",
        }
    )
