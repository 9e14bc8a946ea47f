"""What `plan` shows of a cluster that comes with the stack: machines, what they cost, what its cloud said."""

from __future__ import annotations

from stackwright.model.cluster import ClusterPlan, Pool
from stackwright.views.page import Ink, Page, Row

_OWN = "a table of your own is taken by `--prices FILE`"


def cluster(page: Page, planned: ClusterPlan) -> None:
    """The section of a plan."""
    where = f" in {planned.region}" if planned.region else " on this machine's container engine"
    page.heading("Cluster", f"{planned.name}: {planned.provider}{where}, comes and goes with the stack")
    rows = [_pool(pool, planned) for pool in planned.pools]
    if planned.region:
        rows += [Row(("control plane", "", _price(planned.control_plane, planned), ""))]
        each = {"machine": "each machine", "cluster": ""}
        rows += [Row((extra.what, each[extra.per], _price(extra.price, planned), "")) for extra in planned.extras]
    page.table(rows, ("", "machines", "an hour", "each has"), spill=1)
    page.blank()
    _costs(page, planned)
    for answer in planned.answers:
        page.line(Ink("✓ ", "green"), f"{answer.question}: {answer.answer}", indent=2)
    for remark in (*planned.remarks, _run(planned)):
        page.paragraph(Ink(remark, "dim"), indent=2)


def _pool(pool: Pool, planned: ClusterPlan) -> Row:
    number = str(pool.max) if pool.min == pool.max else f"{pool.min} to {pool.max}"
    has = [f"{pool.cpu} CPU, {pool.memory} GiB"] if pool.cpu else []
    has += [f"{pool.gpus} × {pool.gpu}"] if pool.gpu else []  # noqa: RUF001 (times)
    machines, price = f"{number} {pool.machine}", _price(pool.price, planned)
    return Row((Ink(pool.name, "bold"), machines, price, Ink(", ".join(has), "dim")))


def _price(price: float | None, planned: ClusterPlan) -> str:
    return "not known" if price is None else f"{price:.4f} {planned.currency}" if price else "nothing"


def _costs(page: Page, planned: ClusterPlan) -> None:
    """The sum, and how old it is."""
    least, most = planned.per_hour
    if most == 0:
        page.line("Costs nothing but this machine's own time.", indent=2)
        return
    if least is None or most is None:
        missing = f"What it costs in {planned.region} is not known, as not every price is"
        page.paragraph(Ink(f"{missing}; {_OWN}.", "yellow"), indent=2)
    else:
        price = f"{least:.2f}" if least == most else f"{least:.2f} to {most:.2f}"
        month = f"{least * 730:,.0f}" if least == most else f"{least * 730:,.0f} to {most * 730:,.0f}"
        page.line("Costs ", Ink(f"{price} {planned.currency} an hour", "bold"), f", {month} a month.", indent=2)
    page.paragraph(Ink(f"List prices of {planned.date}, {planned.source}; {_OWN}.", "dim"), indent=2)


def _run(planned: ClusterPlan) -> str:
    module = f"modules/cluster-{planned.provider}"
    if planned.run.state == "never run":
        return f"never run: {module} was not yet applied for real where Stackwright is built."
    return f"{planned.run}: {module}."
