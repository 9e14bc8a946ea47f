"""The page that `stack demo --keep` leaves behind."""

from __future__ import annotations

from stackwright.model.report import SmokeReport, Step, WebPage
from stackwright.views.demo import landed, landing
from stackwright.views.page import Page

PAGES = (
    WebPage("tracking", "trackery", ("experiment-tracking",), "http://127.0.0.1:20001", "admin", True),
    WebPage("watch", "watcher", ("monitoring",), "http://127.0.0.1:20002", "", False),
)
STEPS = (
    Step("run found", "experiment-tracking", "tracking", "passed", 1.0, "run `ab` <b>"),
    Step("other", "storage", "storage", "passed", 1.0, "elsewhere"),
)
REPORT = SmokeReport("demo", "demo-123456", "lifecycle", 2.0, (), STEPS)


def test_it_leads_to_what_smoke_made() -> None:
    """Each page is a link with what was put there; where there is a login it says whose, and how the rest is shown."""
    page = landing("demo", PAGES, REPORT)
    assert '<a href="http://127.0.0.1:20001">trackery</a>' in page
    assert "run found: <span" in page and "run <code>ab</code> &lt;b&gt;" in page
    assert "elsewhere" not in page
    assert "Log in as <b>admin</b>" in page and "No login." in page
    assert "stack outputs demo --show-secrets" in page


def test_a_terminal_shows_the_same() -> None:
    """Addresses and logins in a table, the page's own address above it."""
    page = Page(80)
    landed(page, "file:///x/index.html", PAGES)
    assert "file:///x/index.html" in page.text()
    assert "watch     watcher   http://127.0.0.1:20002  none" in page.text()
