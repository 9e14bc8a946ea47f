"""The data job: checks the versioned data and splits it; it says what it read and made on its last line.

prepare.py DATA TRAIN HELD_OUT. Standard library only.
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

TARGET = "cultivar"


def split(data: Path, train: Path, held_out: Path) -> dict:
    """Every fourth row is held out, without its label; a row that is not all numbers fails the job."""
    with data.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    for number, record in enumerate(records, start=2):
        if None in record or None in record.values() or not all(value.strip() for value in record.values()):
            raise SystemExit(f"line {number} of the data has a field too many or too few")
        for value in record.values():
            float(value)
    write(train, [record for number, record in enumerate(records) if number % 4])
    write(held_out, [{name: value for name, value in record.items() if name != TARGET} for record in records[::4]])
    return {"rows": len(records), "data": sha256(data), "train": sha256(train), "held_out": sha256(held_out)}


def write(file: Path, records: list[dict]) -> None:
    """The records as a CSV file."""
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(split(*(Path(word) for word in sys.argv[1:4]))))
