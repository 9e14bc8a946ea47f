"""Plan → a Terraform root that plain Terraform can read, and people too."""

from stackwright.render.root import readme, render

__all__ = ["readme", "render"]
