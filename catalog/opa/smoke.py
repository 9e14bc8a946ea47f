"""OPA's verb: a question to its data API."""

from stackwright_job import http


def check(ctx, subject, action, object):
    """Whether the policy lets the subject do it."""
    fields = ctx.endpoints["decisions"]
    question = {"input": {"subject": subject, "action": action, "object": object}}
    headers = {"Authorization": f"Bearer {fields['token']}"}
    # A policy that is not there has no result; that is an error and not a refusal.
    return {"allowed": http.call("POST", f"{fields['url']}/v1/data/stack/allow", question, headers=headers)["result"]}
