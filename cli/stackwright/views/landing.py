"""The landing page of a stack that is left running: its pages, what smoke put into them, and what to type."""

from __future__ import annotations

from collections.abc import Sequence

from stackwright.model.report import SmokeReport, WebPage
from stackwright.views.page import Ink, Page, Row
from stackwright.views.reports import filled


def html(name: str, pages: Sequence[WebPage], report: SmokeReport) -> str:
    """One self-contained page; credentials are not in it, but how to see them is."""
    made = {page.component: [s for s in report.steps if s.component == page.component and s.detail] for page in pages}
    return filled("landing.html.j2", name=name, pages=pages, made=made, report=report)


def told(page: Page, address: str, pages: Sequence[WebPage]) -> None:
    """The same for a terminal: where the page is, and what it leads to."""
    page.heading("Look around", address)
    rows = [Row((one.component, one.tool, Ink(one.address, "cyan"), _login(one))) for one in pages]
    page.table(("", "", "", "login"), rows, spill=1)


def _login(one: WebPage) -> Ink:
    return Ink(one.user or "with a token" if one.login else "none", "dim")
