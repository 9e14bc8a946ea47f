"""YAML files that people write: read with the place of every key, and hostile until proven otherwise.

A file here is one mapping of plain data. What YAML can do beyond that (anchors, merge keys, tags, several documents)
is refused by name, and scalars follow YAML 1.2's core schema, as editors do: `no` and `12:30` are texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from stackwright.errors import Diagnostic, Exit, StackError, Where

Path_ = tuple[str | int, ...]  # the way to a value: ("layers", "serving", "tool")

MAX_DEPTH = 50
MAX_NODES = 50_000
MAX_PROBLEMS = 20

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Document:
    """What a file says, and where: `places` of values and `keys` of keys, by path."""

    file: str
    data: dict[str, Any]
    places: dict[Path_, Where] = field(default_factory=dict, repr=False)
    keys: dict[Path_, Where] = field(default_factory=dict, repr=False)

    def where(self, *path: str | int, key: bool = False) -> Where:
        """The place of the value (or its key) at the path, or of the nearest thing around it that was written."""
        first, second = (self.keys, self.places) if key else (self.places, self.keys)
        for length in range(len(path), -1, -1):
            found = first.get(path[:length]) or second.get(path[:length])
            if found:
                return found
        return Where(self.file, 1)


def read_yaml(path: Path | str, text: str | None = None, max_bytes: int = 1_000_000) -> Document:
    """The mapping in a YAML file (or in `text`, which then stands for the file); a StackError lists its mistakes."""
    file = str(path)
    raw = _read(Path(path), max_bytes + 1) if text is None else text.encode("utf-8", "surrogatepass")
    if len(raw) > max_bytes:
        _refuse("Y002", "file is too large", f"It has more than {max_bytes:,} bytes.", Where(file, 1))
    return _Composer(file).compose(_decode(file, raw))


def _refuse(code: str, summary: str, detail: str, where: Where, hint: str = "") -> NoReturn:
    raise StackError(Diagnostic(code, summary, detail, where, hint), Exit.USAGE)


def _read(path: Path, most: int) -> bytes:
    try:
        if path.is_file() or not path.exists():  # a pipe or a device would be read for ever
            with path.open("rb") as file:
                return file.read(most)
        reason = "it is a folder" if path.is_dir() else "it is not a regular file"
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
    _refuse("Y001", "file cannot be read", f"`{path}`: {reason}.", Where(str(path), 1))


def _decode(file: str, raw: bytes) -> str:
    """The text; bytes that are no text are named with their place."""
    try:
        content = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        where = _place(file, raw[: error.start].decode("utf-8", "replace"))
        _refuse("Y003", "file is not UTF-8 text", f"The byte 0x{raw[error.start]:02x} is not valid there.", where)
    bad = _UNPRINTABLE.search(content)
    if bad:
        where = _place(file, content[: bad.start()])
        _refuse("Y004", "file holds a control character", f"The character U+{ord(bad[0]):04X} is not text.", where)
    return content


def _place(file: str, before: str) -> Where:
    """Where a text that starts with `before` goes on."""
    ends = list(_LINE_END.finditer(before))
    return Where(file, len(ends) + 1, len(before) - (ends[-1].end() if ends else 0) + 1)


class _Composer:
    """Builds plain data from parser events, so that nothing is built before it is known to be small and harmless."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path_, Where] = {}
        self.keys: dict[Path_, Where] = {}
        self.problems: list[Diagnostic] = []
        self.nodes = 0

    def compose(self, content: str) -> Document:
        try:
            data = self._document(yaml.parse(content, Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            self._syntax(error, content)
        if not isinstance(data, dict) and not self.problems:
            kind = "is empty" if data is None else f"starts with a {_kind(data)}"
            detail = f"It {kind}; it has to be a mapping, `key: value` lines."
            self._problem("Y005", "file is not a mapping", detail, self.places.get((), Where(self.file, 1)))
        if self.problems:
            raise StackError(self.problems, Exit.USAGE)
        return Document(self.file, data, self.places, self.keys)

    def _document(self, events: Iterator[yaml.Event]) -> Any:
        data: Any = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and self.nodes:
                detail = "A `---` starts a second document; only one is read."
                self._problem("Y006", "file holds several documents", detail, self._at(event))
                break
            if isinstance(event, yaml.NodeEvent):
                data = self._node(event, events, ())
        return data

    def _node(self, event: Any, events: Iterator[yaml.Event], path: Path_) -> Any:
        where = self._at(event)
        self.places[path] = where
        self._count(path, where)
        self._plain(event, where)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._scalar(event, where)

    def _mapping(self, events: Iterator[yaml.Event], path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            where = self._at(event)
            key = self._key(event, where)
            if key in data:
                detail = f"`{shown(key)}` already stands in line {self.keys[(*path, key)].line}."
                self._problem("Y008", "key is written twice", detail, where)
                self._node(next(events), events, (*path, f"{key} again"))
                continue
            self.keys[(*path, key)] = where
            data[key] = self._node(next(events), events, (*path, key))
        return data

    def _key(self, event: Any, where: Where) -> str:
        """The key's text; `1:` and `true:` are read as texts after being named, so that reading can go on."""
        self._plain(event, where)
        if not isinstance(event, yaml.ScalarEvent):
            flow = isinstance(event, yaml.MappingStartEvent)
            detail = "`{{` outside quotes starts a mapping in a mapping." if flow else "A key is one word."
            self._problem("Y009", "key is not a text", detail, where, 'quote a reference: "{{ settings.workers }}"')
            self._stop()
        key = self._scalar(event, where)
        if key == "<<" and event.implicit[0]:
            detail = "The merge key `<<` copies keys from elsewhere."
            self._problem("Y010", "merge keys are not used here", detail, where, "write the keys out")
        if not isinstance(key, str):
            detail = f"YAML reads `{shown(event.value)}` as a {_kind(key)}."
            self._problem("Y011", "key is not a word", detail, where, f'put it in quotes: "{shown(event.value)}"')
        return str(event.value)

    def _sequence(self, events: Iterator[yaml.Event], path: Path_) -> list[Any]:
        data: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            data.append(self._node(event, events, (*path, len(data))))
        return data

    def _scalar(self, event: yaml.ScalarEvent, where: Where) -> Any:
        value: str = event.value
        bad = _UNPRINTABLE.search(value)
        if bad:  # an escape in double quotes: "\0"
            detail = f"The escape stands for U+{ord(bad[0]):04X}, which no file or command takes."
            self._problem("Y012", "text holds a control character", detail, where)
        return self._resolve(value, where) if event.implicit[0] else value

    def _resolve(self, value: str, where: Where) -> Any:
        """What a plain scalar means in YAML 1.2's core schema."""
        if _NULL.fullmatch(value):
            return None
        if _BOOL.fullmatch(value):
            return value[0] in "tT"
        number = len(value) <= 40 and (_INT.fullmatch(value) or _FLOAT.fullmatch(value))
        if number and _INT.fullmatch(value):
            return int(value, {"0o": 8, "0x": 16}.get(value[:2], 10))
        finite = float(value) if number else 0.0
        if _NOT_FINITE.fullmatch(value) or finite in (float("inf"), float("-inf")):
            self._problem("Y013", "number is not finite", f"`{value}` is no number a program can be set to.", where)
        return finite if number else value

    def _plain(self, event: Any, where: Where) -> None:
        """Refuse what makes a value more than it says: anchors, aliases, tags."""
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            detail = "An anchor (`&name`) and its aliases (`*name`) make one value stand in several places."
            hint = "write the value out; a text that begins with `&` or `*` goes into quotes"
            self._problem("Y007", "anchors are not used here", detail, where, hint)
            self._stop()
        if event.tag:
            detail = f"`{shown(event.tag.replace('tag:yaml.org,2002:', '!!'))}` asks for a kind of value."
            self._problem("Y014", "tags are not used here", detail, where, "leave the tag out, or quote the text")

    def _at(self, event: Any) -> Where:
        mark = event.start_mark
        return Where(self.file, mark.line + 1, mark.column + 1)

    def _count(self, path: Path_, where: Where) -> None:
        self.nodes += 1
        if len(path) > MAX_DEPTH or self.nodes > MAX_NODES:
            limit = f"more than {MAX_DEPTH} levels" if len(path) > MAX_DEPTH else f"more than {MAX_NODES:,} values"
            self._problem("Y015", "file is nested too deeply or has too many values", f"It has {limit}.", where)
            self._stop()

    def _syntax(self, error: yaml.YAMLError, content: str) -> NoReturn:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = Where(self.file, mark.line + 1, mark.column + 1) if mark else Where(self.file, 1)
        lines = _LINE_END.split(content)
        line = lines[where.line - 1] if where.line <= len(lines) else ""
        said = " ".join(str(part) for part in (getattr(error, "context", ""), getattr(error, "problem", "")) if part)
        hint = ""
        if "\t" in line[: len(line) - len(line.lstrip())] or line[where.column - 1 : where.column] == "\t":
            hint = "indent with spaces; YAML does not take tabs"
        elif "mapping values are not allowed" in said:
            hint = "a text that holds `: ` goes into quotes; a key begins at the column of its neighbours"
        elif line.lstrip()[where.column - 1 - (len(line) - len(line.lstrip())) :][:1] in ("%", "@", "`"):
            hint = "a text that begins with a special character goes into quotes"
        self._problem("Y016", "file is not valid YAML", f"The parser says: {said or error}.", where, hint)
        self._stop()

    def _problem(self, code: str, summary: str, detail: str, where: Where, hint: str = "") -> None:
        self.problems.append(Diagnostic(code, summary, detail, where, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            self._stop()

    def _stop(self) -> NoReturn:
        raise StackError(self.problems, Exit.USAGE)


def shown(value: object) -> str:
    """A value as messages show it: on one line and not longer than one."""
    text = " ".join(("" if value is None else str(value).lower() if isinstance(value, bool) else str(value)).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: object) -> str:
    names: dict[type, str] = {bool: "true/false value", int: "number", float: "number", str: "text", list: "list"}
    return names.get(type(value), "empty value" if value is None else "mapping")
