"""Cedar's verb: a request to its authorizer."""

from pathlib import Path

import cedarpy


def check(ctx, subject, action, object):
    """Whether the policies let the subject do it."""
    policies = "\n".join(
        file.read_text(encoding="utf-8") for file in sorted(Path(ctx.env["CEDAR_POLICY"]).glob("*.cedar"))
    )
    user, thing = {"type": "User", "id": subject}, {"type": "Thing", "id": object}
    entities = [{"uid": thing, "attrs": {"path": object}, "parents": []}]
    request = {"principal": user, "action": {"type": "Action", "id": action}, "resource": thing, "context": {}}
    answer = cedarpy.is_authorized(request, policies, entities)
    # A policy that cannot be evaluated is skipped; that is an error and not a refusal.
    if answer.diagnostics.errors:
        raise RuntimeError(str(answer.diagnostics.errors))
    return {"allowed": answer.allowed}
