"""ModelScan's verb."""

from modelscan.modelscan import ModelScan


def scan(ctx, model_file):
    """What is unsafe in the file; what cannot be read counts as unsafe, a format that it does not know is an error."""
    told = ModelScan().scan(model_file)
    findings = [f"{issue['severity']}: {issue['description']}" for issue in told["issues"]]
    findings += [f"cannot be read: {error['description']}" for error in told["errors"]]
    if not findings and not told["summary"]["scanned"]["total_scanned"]:
        raise ValueError(f"{model_file} holds nothing that ModelScan can scan")
    return {"safe": not findings, "findings": findings}
