"""Login: ask whose key it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose key it is."""
    found = http.call(
        "POST",
        fields["KILI_API_ENDPOINT"],
        {"query": "{ viewer { id email } }"},
        headers={"Authorization": f"X-API-Key: {fields['KILI_API_KEY']}"},
    )
    return f"the key is `{found['data']['viewer']['email']}`'s"
