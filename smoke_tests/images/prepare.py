"""The data job: pictures into rows of pixels. prepare.py FOLDER LABELS TRAIN SEEN; standard library only.

LABELS says of each file what it is; those without a label are to be predicted. It says what it made on its last line.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

import png


def main(folder: Path, labels: Path, train: Path, seen: Path) -> dict:
    """Both tables, and what each was made of."""
    with labels.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    known = [pixels(folder / record["image"]) | {"label": record["label"]} for record in records if record["label"]]
    asked = [pixels(folder / record["image"]) for record in records if not record["label"]]
    write(train, known)
    write(seen, asked)
    together = b"".join((folder / record["image"]).read_bytes() for record in records)
    return {"labeled": len(known), "asked": len(asked), "images": hashlib.sha256(together).hexdigest()}


def pixels(file: Path) -> dict:
    """A picture as a row: each pixel a column, named by where it is."""
    rows = png.read(file.read_bytes())
    return {f"r{row}c{column}": value for row, line in enumerate(rows) for column, value in enumerate(line)}


def write(file: Path, rows: list[dict]) -> None:
    """The rows as a CSV file."""
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    print(json.dumps(main(*(Path(word) for word in sys.argv[1:5]))))
