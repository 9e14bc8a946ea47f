"""Casbin's verb: a question to its enforcer."""

import casbin


def check(ctx, subject, action, object):
    """Whether the policy lets the subject do it."""
    # Loaded anew each time: a policy that was changed holds from the next question on.
    enforcer = casbin.Enforcer(ctx.env["CASBIN_MODEL"], ctx.env["CASBIN_POLICY"])
    return {"allowed": enforcer.enforce(subject, object, action)}
