"""The `stack` command: the typer app, and the one place where errors are caught."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

# typer's own switch, read when it is imported: errors and help are ours, and loading rich takes longer than most
# commands do.
os.environ.setdefault("TYPER_USE_RICH", "0")

import typer

from stackwright import __version__
from stackwright.commands import SUMMARIES
from stackwright.commands.framework import Main, command_app
from stackwright.errors import Diagnostic, Exit, StackError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

UsageError: type[Any] = typer.BadParameter.__mro__[1]  # typer's base of all mistakes on a command line
OUTPUT_CLOSED = 141  # what a shell reports of a program ended by SIGPIPE

app = command_app(cls=Main, invoke_without_command=True)


@app.callback()
def stack(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Compose, deploy, prove and tear down AI/ML stacks.

    A stack is a file, stack.yaml, that names a tool for each layer. Stackwright wires the tools together, runs
    them, proves with real data that they work together, and removes them without a trace.

    See one work, from nothing to nothing:
        stack demo

    Make your own:
        stack init churn && cd churn && stack up && stack smoke
    """
    if version:
        typer.echo(f"stackwright {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    with _signals():
        try:
            code = _settle(words)
            sys.stdout.flush()
        except BrokenPipeError as error:
            return _output_closed() if _is_closed(sys.stdout) else _bug(words, error)
        except Exception as error:  # noqa: BLE001 (the boundary: nothing passes)
            return _bug(words, error)
        return code


def _settle(words: list[str]) -> int:
    """Run it; mistakes and Ctrl-C, which are no bugs, are told to whoever made them."""
    try:
        return _run(words)
    except typer.Exit as stop:
        return stop.exit_code
    except StackError as error:
        return _fail(words, error.diagnostics, error.exit_code)
    except UsageError as error:
        return _fail(words, [_misused(error, f"stack {_command(words)}".strip())], Exit.USAGE)
    except (KeyboardInterrupt, typer.Abort) as stop:
        return _stopped(words, stop)


def _run(words: list[str]) -> int:
    command = typer.main.get_command(app)
    if "_STACK_COMPLETE" in os.environ:  # the shell asks for completions (`stack completion`)
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
        command.main(words, prog_name="stack")
    with command.make_context("stack", list(words)) as context:
        code = command.invoke(context)
    return code if isinstance(code, int) else Exit.FINE


@contextmanager
def _signals() -> Iterator[None]:
    """A closed terminal or a polite kill is Ctrl-C: whoever holds something lets go of it on the way out."""
    import signal

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` stays in force
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _own(words: Sequence[str]) -> list[str]:
    """The words that are ours: up to `--`, and without the command that `exec` is given."""
    own = list(words[: words.index("--")] if "--" in words else words)
    return own[:1] if own[:1] == ["exec"] else own


def _command(words: Sequence[str]) -> str:
    """`status`, `catalog list`: what to call the command in an answer."""
    named = [word for word in _own(words) if not word.startswith("-")]
    if named[:1] in (["catalog"], ["cache"]):
        return " ".join(named[:2])
    return named[0] if named and named[0] in SUMMARIES else ""


def _fail(words: Sequence[str], diagnostics: Sequence[Diagnostic], code: int) -> int:
    if "--json" in _own(words):
        from stackwright.views import envelope

        envelope.show(_command(words), None, ok=False, diagnostics=diagnostics)
    else:
        from stackwright.views.diagnostics import show

        show(diagnostics)
    return int(code)


def _misused(error: Any, path: str) -> Diagnostic:
    """A mistake on the command line in our words."""
    path = error.ctx.command_path if error.ctx else path
    if hasattr(error, "possibilities"):
        return _unknown_option(error.option_name, error.ctx, path)
    detail = str(error.format_message()).replace("'", "`").rstrip(".") + "."
    return Diagnostic("U103", "wrong use of a command", detail, hint=f"how it is used is shown by\n    {path} --help")


def _unknown_option(option: str, context: Any, path: str) -> Diagnostic:
    params = context.command.get_params(context) if context else []
    known = {name.lstrip("-"): name for param in params for name in param.opts}
    meant = known.get(nearest(option.lstrip("-"), known) or "")
    hint = f"did you mean `{meant}`? All options are" if meant else "its options are"
    if path == "stack" and not meant:
        hint = "options of a command are written behind it; what there is, is"
    detail = f"`{path}` has no option `{option}`."
    return Diagnostic("U102", "no such option", detail, hint=f"{hint} shown by\n    {path} --help")


def _stopped(words: Sequence[str], stop: BaseException) -> int:
    """One polite line: what there is, and how to go on or to clean up."""
    from stackwright.commands.options import at_work
    from stackwright.views.page import stopped

    name = f" {at_work[0]}" if at_work else ""
    told = " ".join(getattr(stop, "__notes__", []))  # an operation knows best what it has left
    advice = {
        "up": f"`stack up{name}` goes on from here, `stack down{name}` removes what was started.",
        "down": f"Some of it may still be there: `stack down{name}` goes on.",
        "smoke": f"The stack goes on running: `stack down{name}` removes it.",
        "catalog prove": "What was started is taken down again; proofs that were written stay.",
        "demo": "What is left of it is shown by `stack list`, and removed by `stack down NAME`.",
    }
    stopped(f"Stopped. {told or advice.get(_command(words), '')}".rstrip())
    return Exit.INTERRUPTED


def _is_closed(stream: Any) -> bool:
    """Whether nobody reads our output any more, as after `| head`; other broken pipes are real faults."""
    import select

    try:
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLOUT)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def _output_closed() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
    return OUTPUT_CLOSED


def _bug(words: Sequence[str], error: Exception) -> int:
    """Our own fault: say so, and keep what is needed to mend it."""
    file = _report(words, error)
    kept = f"The whole story is in\n    {file}" if file else "The report could not be written either."
    detail = f"{type(error).__name__}: {error}\nNothing you typed should lead to this. {kept}"
    hint = "your stacks are as they were; what runs is shown by\n    stack list"
    return _fail(words, [Diagnostic("U109", "this is a bug in stack", detail, hint=hint)], Exit.BUG)


def _report(words: Sequence[str], error: Exception) -> str:
    import platform
    import time
    import traceback

    from stackwright.folders import state_dir

    head = f"stackwright {__version__}, Python {platform.python_version()}, {platform.platform()}"
    text = f"{head}\nstack {' '.join(_own(words))}\n\n{''.join(traceback.format_exception(error))}"
    try:
        folder = state_dir() / "bugs"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    except OSError:
        sys.stderr.write(text)
        return ""
    return str(file)


if __name__ == "__main__":
    sys.exit(main())
