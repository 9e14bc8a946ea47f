"""One consumer's share of the server: a key and a bucket of its own. `grant.py USERS_FILE ADDRESS`; may be run again.

Name and secret come by environment: a command line can be read by everybody.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import sys
import urllib.error
import urllib.request
from email.utils import formatdate


def add_user(path, user, key):
    """Write the user into the file in one step, readable by its owner only. Grants may run side by side."""
    with open(f"{path}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        users = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                users = json.load(file)
        handle = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({**users, user: key}, file)
        os.replace(f"{path}.new", path)


def make_bucket(address, bucket, user, key):
    """PUT the bucket, signed the old and short way (S3's version 2); one of our own may be there already."""
    date = formatdate(usegmt=True)
    digest = hmac.new(key.encode(), f"PUT\n\n\n{date}\n/{bucket}".encode(), hashlib.sha1).digest()
    headers = {"Date": date, "Authorization": f"AWS {user}:{base64.b64encode(digest).decode()}"}
    request = urllib.request.Request(f"http://{address}/{bucket}", method="PUT", headers=headers)
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        answer = error.read().decode(errors="replace")
        if "BucketAlreadyOwnedByYou" not in answer:
            sys.exit(f"the bucket {bucket} was refused: {error.code} {answer}")


def main(users_file, address):
    name, secret = os.environ["GRANT_NAME"], os.environ["GRANT_SECRET"]
    add_user(users_file, f"{name}:s3", secret)
    make_bucket(address, name, f"{name}:s3", secret)


if __name__ == "__main__":
    main(*sys.argv[1:])
