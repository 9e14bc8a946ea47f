"""picklescan's verb."""

from picklescan.scanner import SafetyLevel, scan_file_path


def scan(ctx, model_file):
    """The dangerous imports of the file's pickles; what cannot be read counts as unsafe."""
    told = scan_file_path(model_file)
    findings = [
        f"imports {found.module}.{found.name}" for found in told.globals if found.safety is SafetyLevel.Dangerous
    ]
    if told.scan_err:
        findings.append("cannot be read as a pickle")
    if not findings and not told.scanned_files:
        raise ValueError(f"{model_file} holds neither a pickle nor an array")
    return {"safe": not findings, "findings": findings}
