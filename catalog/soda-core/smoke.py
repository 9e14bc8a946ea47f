"""Soda Core's verb: the rules become SodaCL, the file a table of an embedded DuckDB, and Soda scans it."""

import json
import logging

import duckdb

_LIMITS = {"min": "valid min", "max": "valid max"}


def check(ctx, data_file, rules):
    """Whether the file keeps the rules, `{column: {min, max, required}}`; every failure with its column."""
    scan = _scan(ctx)
    with duckdb.connect() as db:
        table = db.from_csv_auto(data_file)
        table.create("data")
        texts = {name for name, kind in zip(table.columns, table.types, strict=True) if kind == "VARCHAR"}
        scan.add_duckdb_connection(db)
        scan.add_sodacl_yaml_str(json.dumps({"checks for data": _checks(rules, texts)}))  # JSON is YAML
        scan.execute()
    if scan.has_error_logs():
        raise RuntimeError(scan.get_error_logs_text())
    failed = [found.get_dict() for found in scan.get_checks_fail()]
    failures = [
        {"column": found["column"], "rule": found["name"], "detail": f"{found['diagnostics']['value']} rows"}
        for found in failed
    ]
    return {"passed": not failed, "failures": failures}


def _checks(rules, texts):
    checks = []
    for column, rule in rules.items():
        if unknown := rule.keys() - _LIMITS.keys() - {"required"}:
            raise ValueError(f"`{column}` has rules that are not known: {', '.join(sorted(unknown))}")
        limits = {_LIMITS[word]: limit for word, limit in rule.items() if word in _LIMITS}
        if limits:
            # SQL would not compare texts with numbers: then those that are no numbers are what is wrong.
            limits = {"valid format": "decimal"} if column in texts else limits
            checks.append({f"invalid_count({column}) = 0": limits})
        if rule.get("required"):
            checks.append(f"missing_count({column}) = 0")
    return checks


def _scan(ctx):
    from soda.common.config_helper import ConfigHelper

    # Before anything of Soda looks for settings elsewhere: it does so once, when it is imported.
    ConfigHelper.get_instance(ctx.files["settings.yml"])
    from soda.scan import Scan

    logging.getLogger("soda").setLevel(logging.WARNING)
    scan = Scan()
    scan.set_data_source_name("duckdb")
    scan.set_scan_definition_name("stack smoke")
    return scan
