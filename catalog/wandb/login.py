"""Login: ask whose key it is."""

import wandb


def probe(fields):
    """Ask whose key it is."""
    # The client asks by itself; the address is its own, and it refuses a key of the wrong length before that.
    api = wandb.Api(overrides={"base_url": fields["WANDB_BASE_URL"]}, timeout=15, api_key=fields["WANDB_API_KEY"])
    return f"the key is `{api.viewer.username}`'s"
