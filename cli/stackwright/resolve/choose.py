"""Layer to tool and target: the components that the manifest asks for, with their settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackwright.catalog.load import Catalog
from stackwright.errors import Diagnostic, StackError, nearest
from stackwright.model.catalog import Tool
from stackwright.model.deployer import CONTAINED, ELSEWHERE, TARGETS, ExternalDeployer, ProcessDeployer
from stackwright.model.manifest import Choice, Manifest, layers_of
from stackwright.resolve.draft import Draft, listed
from stackwright.resolve.elsewhere import DESCRIBE, as_written, nothing_of_ours, with_tool
from stackwright.resolve.settings import check_settings

_LIST = "the tools are listed by\n    stack catalog list"


def choose(manifest: Manifest, catalog: Catalog) -> tuple[list[Draft], list[Diagnostic]]:
    """A draft for each component the manifest asks for, in its order, and what is wrong with the rest."""
    chooser = _Chooser(catalog, manifest.folder)
    for choice in manifest.choices:
        try:
            chooser.add(choice)
        except StackError as error:
            chooser.found += error.diagnostics
    return chooser.drafts, chooser.found


@dataclass
class _Chooser:
    catalog: Catalog
    folder: Path
    drafts: list[Draft] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, choice: Choice) -> None:
        """Take a choice, or what is wrong with it."""
        choice, wrong = with_tool(choice, self.catalog)
        if wrong:
            self.found += wrong
            return
        if choice.tool not in self.catalog.tools():
            self.found.append(self._unknown_tool(choice))
            return
        tool = self.catalog.tool(choice.tool)
        choice = choice.model_copy(update={"target": _where(tool, choice.target)})
        layers = [layer for layer in layers_of(choice.layer) if layer in tool.layers]
        if not layers:
            self.found.append(self._other_layer(choice, tool))
            return
        if choice.target == ExternalDeployer.target or choice.target in self.catalog.targets(tool.id):
            describe = self._describe_elsewhere if choice.target in ELSEWHERE else self._describe
            described, wrong = describe(choice, tool)
        else:
            described, wrong = None, [self._no_target(choice, tool)] if choice.target in TARGETS else []
        self.found += wrong
        if described:
            draft = Draft(
                id=self._id(choice),
                target=choice.target,
                because=f"the manifest names it for `{choice.layer}`",
                where=choice.where,
                keys=[choice.layer],
                layers=layers,
                needs=choice.needs,
                gpus=choice.gpu,
                places=choice.places,
                **described,
            )
            self._keep(draft)

    def _describe(self, choice: Choice, tool: Tool) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
        """What is started here: by its recipe, with its settings."""
        recipe = self.catalog.recipe(tool.id)
        settings, wrong = check_settings(tool, choice, self.folder, self.catalog.folder(tool.id))
        wrong += self._unknown_needs(choice, tool)
        if choice.gpu and not (recipe and (recipe.command or recipe.processes)):
            wrong.append(_nothing_to_give(choice, tool))
        return (None if wrong else {"tool": tool, "recipe": recipe, "settings": settings}), wrong

    def _describe_elsewhere(self, choice: Choice, tool: Tool) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
        """What runs elsewhere: by what the manifest says of it."""
        described, wrong = DESCRIBE[choice.target](choice, tool, self._id(choice), self.catalog)
        wrong += nothing_of_ours(choice)
        return (None if wrong or not described else {**described._asdict(), "endpoint": as_written(choice)}), wrong

    def _id(self, choice: Choice) -> str:
        """A layer's first tool has the layer's name, every further one says which it is."""
        first = all(choice.layer not in draft.keys for draft in self.drafts)
        return choice.layer if first else f"{choice.layer}:{choice.tool}"

    def _keep(self, draft: Draft) -> None:
        """Add a draft, or give its layers to the component that is the same tool set up the same way."""
        for other in self.drafts:
            parts = ("target", "settings", "gpus", "endpoint")
            same = all(getattr(other, part) == getattr(draft, part) for part in parts)
            same = same and other.tool.id == draft.tool.id
            agree = all(other.needs.get(need, to) == to for need, to in draft.needs.items())
            if same and agree:
                other.keys += draft.keys
                other.layers += [layer for layer in draft.layers if layer not in other.layers]
                other.because = f"the manifest names it for {listed(other.keys)}"
                other.needs = {**other.needs, **draft.needs}
                other.places = {**draft.places, **other.places}
                return
        self.drafts.append(draft)

    def _doing(self, choice: Choice) -> list[str]:
        """The tools that do a layer on a target; reads all entries that run there, so it is for messages only."""
        wanted = set(layers_of(choice.layer))
        runnable = [self.catalog.tool(name) for name in self.catalog.tools() if self.catalog.targets(name)]
        there = [tool for tool in runnable if _where(tool, choice.target) in self.catalog.targets(tool.id)]
        return [tool.id for tool in there if wanted & set(tool.layers)]

    def _hint(self, choice: Choice) -> str:
        doing = self._doing(choice)
        near = nearest(choice.tool, doing) or nearest(choice.tool, self.catalog.tools())
        hint = f"did you mean `{near}`?\n" if near and near != choice.tool else ""
        if hint and near in doing:
            return hint.strip()
        return hint + (f"`{choice.layer}` on `{choice.target}` is done by {listed(doing)}" if doing else _LIST)

    def _unknown_tool(self, choice: Choice) -> Diagnostic:
        detail = f"No tool called `{choice.tool}` is in the catalog."
        if not choice.tool:
            detail = f"Whose server the endpoint of `{choice.layer}` is does not follow from what it speaks."
        return Diagnostic("R001", "unknown tool", detail, choice.places.get("tool", choice.where), self._hint(choice))

    def _other_layer(self, choice: Choice, tool: Tool) -> Diagnostic:
        detail = f"`{tool.id}` does {listed(tool.layers)}, not `{choice.layer}`."
        where = choice.places.get("tool", choice.where)
        return Diagnostic("R002", "tool does not do this layer", detail, where, self._hint(choice))

    def _no_target(self, choice: Choice, tool: Tool) -> Diagnostic:
        targets = self.catalog.targets(tool.id)
        where = choice.places.get("target") or choice.places.get("tool", choice.where)
        if targets:
            why = self.catalog.refusals(tool.id).get(choice.target)
            detail = f"`{tool.id}` does not run on `{choice.target}`; it runs on {listed(targets)}."
            detail += f" {why}" if why else ""
            hint = f"write\n    {choice.layer}: {{tool: {tool.id}, target: {targets[0]}}}"
        elif tool.same_as:
            detail = f"In the catalog `{tool.id}` goes by the name `{tool.same_as}`."
            hint = f"write\n    {choice.layer}: {tool.same_as}"
        else:
            detail = tool.fate
            doing = self._doing(choice)
            doing.sort(key=lambda other: other not in tool.successor)
            hint = f"`{choice.layer}` on `{choice.target}` is done by {listed(doing)}\n" if doing else ""
            hint += f"all that is known of it is shown by\n    stack catalog show {tool.id}"
        return Diagnostic("R003", "tool does not run on this target", detail, where, hint)

    def _unknown_needs(self, choice: Choice, tool: Tool) -> list[Diagnostic]:
        found = []
        for need in choice.needs:
            if need not in tool.needs:
                near = nearest(need, tool.needs)
                hint = f"did you mean `{near}`?" if near else _needs_of(tool)
                where = choice.places.get(f"needs.{need}", choice.where)
                detail = f"`{tool.id}` has no need called `{need}`."
                found.append(Diagnostic("R004", "unknown need", detail, where, hint))
        return found


def _nothing_to_give(choice: Choice, tool: Tool) -> Diagnostic:
    detail = f"Nothing of `{tool.id}` is started: it works in your jobs, and those see every GPU of their machine."
    where = choice.places.get("gpu", choice.where)
    return Diagnostic("R033", "GPU for what is not started", detail, where, "leave `gpu` out")


def _where(tool: Tool, target: str) -> str:
    """A library, or what is run and ends, is used on this machine, wherever servers run."""
    alone = tool.kind in ("library", "job") and target in CONTAINED
    return ProcessDeployer.target if alone else target


def _needs_of(tool: Tool) -> str:
    return f"its needs are {listed(tool.needs)}" if tool.needs else "leave `needs` out: it has none"
