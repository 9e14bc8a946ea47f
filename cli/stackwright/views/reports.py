"""What `smoke` writes to files: JUnit for CI systems, and one self-contained page for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from stackwright.folders import shipped
from stackwright.model.report import SmokeDetails, SmokeReport, Step
from stackwright.views.page import counted, seconds

_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML has no place for these


def junit(report: SmokeReport, details: SmokeDetails) -> str:
    """A test case for every wire and every step; a component's log belongs to its failures."""
    suites = ET.Element("testsuites", name=report.name)
    wires = _suite(suites, "wires", 0.0, details)
    for check in report.wires:
        case = ET.SubElement(wires, "testcase", classname=f"{report.name}.wires", name=check.wire, time="0")
        if not check.passed:
            ET.SubElement(case, "failure", message=_xml(check.detail)).text = _xml(details.logs.get(check.server, ""))
    steps = _suite(suites, report.pipeline, report.seconds, details)
    for step in report.steps:
        place = f"{report.name}.{report.pipeline}.{step.component or step.layer}"
        case = ET.SubElement(steps, "testcase", classname=place, name=step.name, time=f"{step.seconds:.3f}")
        if step.state == "skipped":
            ET.SubElement(case, "skipped", message=_xml(step.detail))
        elif step.state == "failed":
            log = details.logs.get(step.component, "")
            ET.SubElement(case, "failure", message=_xml(step.detail)).text = _xml(log)
        elif step.detail:
            ET.SubElement(case, "system-out").text = _xml(step.detail)
    for suite in (wires, steps):
        suite.set("tests", str(len(suite)))
        for kind in ("failure", "skipped"):
            suite.set(kind if kind == "skipped" else "failures", str(len(suite.findall(f"testcase/{kind}"))))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=False) + "\n"


def _suite(parent: ET.Element, name: str, took: float, details: SmokeDetails) -> ET.Element:
    return ET.SubElement(parent, "testsuite", name=name, time=f"{took:.3f}", timestamp=details.date.removesuffix("Z"))


def _xml(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


class Bar(NamedTuple):
    """A step on the timeline, in percent of its width."""

    step: Step
    left: float
    width: float


class Flow(NamedTuple):
    """An id, hash or count that several steps saw."""

    name: str
    value: str
    steps: tuple[str, ...]


def html(report: SmokeReport, details: SmokeDetails) -> str:
    """The whole page; it loads nothing from anywhere."""
    return filled(
        "smoke.html.j2",
        report=report,
        details=details,
        count=Counter(step.state for step in report.steps),
        broken=sum(not check.passed for check in report.wires),
        bars=tuple(_bars(report.steps)),
        flows=flows(report.steps),
        duration=seconds,
        counted=counted,
    )


def filled(template: str, **names: Any) -> str:
    """An HTML template with everything escaped that it is given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(shipped() / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["coded"] = _coded
    return jinja.get_template(template).render(**names)


def _coded(text: str) -> Any:
    """What stands between backticks is code."""
    from markupsafe import Markup

    parts = text.split("`")
    if len(parts) % 2 == 0:  # one is not closed
        return text
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _bars(steps: tuple[Step, ...]) -> Iterator[Bar]:
    ran = [step for step in steps if step.state != "skipped"]
    end = max((step.began + step.seconds for step in ran), default=0.0) or 1.0
    for step in ran:
        yield Bar(step, 100 * step.began / end, max(0.4, 100 * step.seconds / end))


def flows(steps: tuple[Step, ...]) -> tuple[Flow, ...]:
    """What went from tool to tool: every id and hash that was seen in more than one step, in order of appearance."""
    seen: dict[str, tuple[str, list[str]]] = {}
    for step in steps:
        for name, value in _leaves(step.evidence):
            where = seen.setdefault(value, (name, []))[1]
            if step.name not in where:
                where.append(step.name)
    return tuple(Flow(name, value, tuple(where)) for value, (name, where) in seen.items() if len(where) > 1)


def _leaves(evidence: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Texts long enough to be an identity, with their names."""
    if isinstance(evidence, dict):
        for key, value in evidence.items():
            yield from _leaves(value, str(key))
    elif isinstance(evidence, list):
        for value in evidence:
            yield from _leaves(value, name)
    elif isinstance(evidence, str) and re.fullmatch(r"[A-Za-z0-9:/._-]{8,200}", evidence):
        yield name, evidence
