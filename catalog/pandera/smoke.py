"""Pandera's verb: the rules become a schema, and the file is held against it."""

import pandas
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema

_CHECKS = {"min": Check.ge, "max": Check.le}


def check(ctx, data_file, rules):
    """Whether the file keeps the rules, `{column: {min, max, required}}`; every failure with its column."""
    schema = DataFrameSchema({column: _column(column, rule) for column, rule in rules.items()})
    try:
        schema.validate(pandas.read_csv(data_file), lazy=True)  # all failures, not the first
    except SchemaErrors as error:
        return {"passed": False, "failures": [_failure(case) for case in error.failure_cases.to_dict("records")]}
    return {"passed": True, "failures": []}


def _column(name, rule):
    if unknown := rule.keys() - _CHECKS.keys() - {"required"}:
        raise ValueError(f"`{name}` has rules that are not known: {', '.join(sorted(unknown))}")
    checks = [_CHECKS[word](limit) for word, limit in rule.items() if word in _CHECKS]
    return Column(checks=checks, nullable=not rule.get("required", False))


def _failure(case):
    absent = case["schema_context"] == "DataFrameSchema"  # then the column is what is missing
    row = "" if pandas.isna(case["index"]) else f" in row {case['index']}"
    return {
        "column": case["failure_case"] if absent else case["column"],
        "rule": str(case["check"]),
        "detail": f"{case['failure_case']}{row}",
    }
