"""Great Expectations' verb: the rules become a suite of expectations, and the file is a batch that they are put to."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported

import great_expectations
from great_expectations import ExpectationSuite
from great_expectations import expectations as expect


def check(ctx, data_file, rules):
    """Whether the file keeps the rules, `{column: {min, max, required}}`; every failure with its column."""
    context = great_expectations.get_context(mode="ephemeral")  # suites and results are kept nowhere
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.pandas_default.read_csv(data_file)
    suite = ExpectationSuite(name="rules", expectations=[made for rule in rules.items() for made in _expected(*rule)])
    found = batch.validate(suite)
    failures = [_failure(result) for result in found.results if not result.success]
    return {"passed": found.success, "failures": failures}


def _expected(column, rule):
    if unknown := rule.keys() - {"min", "max", "required"}:
        raise ValueError(f"`{column}` has rules that are not known: {', '.join(sorted(unknown))}")
    low, high = rule.get("min"), rule.get("max")
    if low is not None or high is not None:
        yield expect.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
    if rule.get("required"):
        yield expect.ExpectColumnValuesToNotBeNull(column=column)


def _failure(result):
    asked = result.expectation_config
    # Without a result there is an exception: no such column, or values that cannot be compared.
    wrong = result.result.get("partial_unexpected_list") or result.exception_info
    return {"column": asked.kwargs["column"], "rule": asked.type, "detail": str(wrong)[:500]}
