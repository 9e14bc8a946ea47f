"""What typer is told once for all commands: help as plain text that teaches, commands built when asked for."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from stackwright.commands import GROUPS, SUMMARIES
from stackwright.errors import Diagnostic, Exit, StackError, nearest

SETTINGS = {"help_option_names": ["-h", "--help"]}


class Teaching:
    """Help whose text is the docstring as it stands, and whose lists show what one types and nothing else."""

    help: str | None
    get_params: Callable[[Any], list[Any]]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`[OPTIONS]` and the arguments."""
        return ["[OPTIONS]", *(param.metavar for param in _arguments(self.get_params(ctx)))]

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Paragraphs wrapped, indented lines as they are: examples are there to be copied."""
        del ctx
        for paragraph in inspect.cleandoc(self.help or "").split("\n\n"):
            lines = paragraph.splitlines()
            if not any(line.startswith(" ") for line in lines):
                lines = textwrap.wrap(" ".join(lines), formatter.width - 4, break_on_hyphens=False)
            formatter.write("\n" + "".join(f"  {line}\n" for line in lines))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options."""
        params = self.get_params(ctx)
        arguments = [(param.metavar, param.help) for param in _arguments(params)]
        options = [param.get_help_record(ctx) for param in params if param.param_type_name == "option"]
        for title, rows in (("Arguments", arguments), ("Options", [row for row in options if row])):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _arguments(params: list[Any]) -> list[Any]:
    return [param for param in params if param.param_type_name == "argument"]


class Command(Teaching, TyperCommand):
    """A command of `stack`."""

    def get_short_help_str(self, limit: int = 0) -> str:
        """Its first line, whole."""
        del limit
        return inspect.cleandoc(self.help or "").partition("\n")[0]


class Group(Teaching, TyperGroup):
    """A group of commands that suggests the right one for a misspelt one."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`[OPTIONS] COMMAND`."""
        return [*super().collect_usage_pieces(ctx), "COMMAND [ARGS]..."]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, then commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named by the first word, or our own diagnostic."""
        command = self.get_command(ctx, args[0])
        if command is None:
            raise StackError(unknown_command(ctx.command_path, args[0], self.list_commands(ctx)), Exit.USAGE)
        return args[0], command, args[1:]


class Main(Group):
    """The `stack` command: its commands' modules are imported one at a time."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        del ctx
        return list(SUMMARIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Build the one asked for: its module's `run`, or `app` where typer has to be told more."""
        del ctx
        if cmd_name not in SUMMARIES:
            return None
        module = import_module(f"stackwright.commands.{cmd_name}")
        app = getattr(module, "app", None)
        if app is None:
            app = command_app()
            app.command(cls=Command)(module.run)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The summaries by groups, from the table alone."""
        del ctx
        room = max(map(len, SUMMARIES)) + 4
        for title, commands in GROUPS.items():
            formatter.write(f"\n{title}:\n")
            for name, summary in commands.items():
                lead = f"  {name}".ljust(room)
                text = textwrap.fill(summary, formatter.width, initial_indent=lead, subsequent_indent=" " * room)
                formatter.write(f"{text}\n")


def unknown_command(path: str, name: str, known: list[str]) -> Diagnostic:
    """What to say to a command that does not exist."""
    meant = nearest(name, known)
    hint = f"did you mean\n    {path} {meant}" if meant else f"all commands are shown by\n    {path} --help"
    return Diagnostic("U101", "no such command", f"`{path} {name}` is not a command.", hint=hint)


def command_app(**settings: Any) -> typer.Typer:
    """A typer app of our kind: no rich anywhere, no completion options but on the main one."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS | settings.pop("context_settings", {}),
        **settings,
    )
