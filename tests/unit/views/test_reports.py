"""The reports that smoke writes: machines can read the one, and the other needs nothing but itself."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from stackwright.model.report import SmokeDetails, SmokeReport, Step, ToolUsed, WireCheck
from stackwright.views.reports import flows, html, junit

HASH = "5cd9987598eb4af02787cca5ccaafbaa7f901d23"
STEPS = (
    Step("stored", "storage", "storage", "passed", 1.5, "12 bytes equal", {"sha256": HASH, "rows": 12}),
    Step("versioned", "data-versioning", "", "skipped", 0.0, "the stack has no `data-versioning`"),
    Step("served", "serving", "serving", "failed", 2.0, "3 < 4 & `x`\x1b[0m", {"of": [HASH], "short": "abc"}, 1.5),
)
WIRES = (
    WireCheck("serving.registry", "tracking", "registry", True, "listed", "127.0.0.1:1"),
    WireCheck("jobs.s3", "storage", "s3", False, "refused <script>alert(1)</script>", "127.0.0.1:2"),
)
REPORT = SmokeReport("churn", "churn-123456", "lifecycle", 3.5, WIRES, STEPS)
DETAILS = SmokeDetails(
    "2026-11-24T10:05:14Z",
    "Linux x86_64, Python 3.11",
    (ToolUsed("storage", "store", "1.2", "process", ("storage",), "http://127.0.0.1:2"),),
    {"serving": "Traceback <b>\x00end", "storage": "refusing"},
)


def test_junit_counts_what_happened() -> None:
    """Every wire and step is a case; failures and skips are counted, told, and carry the log; it parses."""
    wires, steps = ET.fromstring(junit(REPORT, DETAILS))
    assert (wires.get("tests"), wires.get("failures")) == ("2", "1")
    assert (steps.get("tests"), steps.get("failures"), steps.get("skipped")) == ("3", "1", "1")
    failure = steps.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "3 < 4 & `x`\ufffd[0m"
    assert failure.text == "Traceback <b>\ufffdend"
    assert float(steps[0].get("time", "")) == 1.5


def test_the_page_is_whole_and_safe() -> None:
    """It says what passed and failed, shows logs, loads nothing, and whatever tools said stays text."""
    page = html(REPORT, DETAILS)
    assert "churn failed" in page
    assert "Traceback &lt;b&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?://(?!127)", page)
    assert "the stack has no <code>data-versioning</code>" in page


def test_what_flowed_is_what_several_steps_saw() -> None:
    """A hash in two steps is a flow, in their order; what only one saw is none, nor is what is too short."""
    assert [(flow.name, flow.value, flow.steps) for flow in flows(STEPS)] == [("sha256", HASH, ("stored", "served"))]
