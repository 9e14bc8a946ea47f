"""Small tables: read from CSV with numbers as numbers, and written."""

import csv
from pathlib import Path

Rows = list[dict]


def read(file: Path | str) -> Rows:
    """The rows of a CSV file; what looks like a number is one."""
    with Path(file).open(newline="", encoding="utf-8") as stream:
        return [{name: _value(text) for name, text in record.items()} for record in csv.DictReader(stream)]


def write(file: Path, rows: Rows) -> Path:
    """The rows as a CSV file."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def without(rows: Rows, column: str) -> Rows:
    """The rows without one column."""
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
