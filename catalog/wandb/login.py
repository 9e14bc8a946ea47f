"""Login: ask whose key it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose key it is."""
    url, user = f"{fields['WANDB_BASE_URL'].rstrip('/')}/graphql", ("api", fields["WANDB_API_KEY"])
    found = http.call("POST", url, {"query": "{ viewer { username } }"}, user=user)
    return f"the key is `{found['data']['viewer']['username']}`'s"
