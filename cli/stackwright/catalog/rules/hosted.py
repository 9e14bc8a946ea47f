"""Rules of hosted.yaml: a login to try, a client that is pinned."""

from __future__ import annotations

from stackwright.catalog.rules.entry import Entry, defines
from stackwright.model.requirement import Requirement


def check_hosted(entry: Entry) -> None:
    """Every rule about a vendor's service; most tools are none."""
    if "hosted" not in entry.catalog.targets(entry.tool.id):
        return
    folder, hosted = entry.catalog.folder(entry.tool.id), entry.catalog.hosted(entry.tool.id)
    file = entry.catalog.source(folder / "hosted.yaml")
    if not defines(folder / "login.py", "probe"):
        detail = "`login.py` beside it has no `def probe(fields)`, which tells good credentials from bad ones."
        entry.wrong("C098", "service has no login to try", detail, file.where())
    if Requirement.parse(hosted.client) is None:
        hint = f'write it as\n    client: "{hosted.client}==1.2.3"'
        detail = f"`{hosted.client}` could be another one tomorrow."
        entry.wrong("C099", "client of a service is not pinned", detail, file.where("client"), hint)
