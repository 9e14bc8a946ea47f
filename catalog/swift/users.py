"""Swift's tempauth, with users that can be granted while the server runs.

tempauth reads its users from the proxy's configuration once; a grant must not need a restart.
"""

import json
import os

from swift.common.middleware.tempauth import TempAuth


class GrantedUsers(TempAuth):
    """Users are `<account>:<name>` with their keys in a JSON file, read again when it changes."""

    def __init__(self, app, conf):
        super().__init__(app, conf)
        self.file = conf["users_file"]
        self.seen = None

    def __call__(self, env, start_response):
        self.refresh()
        return super().__call__(env, start_response)

    def refresh(self):
        """Take in what grant.py wrote since the last request."""
        try:
            stat = os.stat(self.file)
        except FileNotFoundError:
            return  # nobody was granted anything yet
        # grant.py replaces the file, so a new one has another inode even within the clock's tick.
        if (stat.st_ino, stat.st_mtime_ns) == self.seen:
            return
        with open(self.file, encoding="utf-8") as file:
            keys = json.load(file)
        self.users = {user: self.entry(user, key) for user, key in keys.items()}
        self.seen = (stat.st_ino, stat.st_mtime_ns)

    def entry(self, user, key):
        """An administrator of an account of its own, and of no other."""
        account = f"{self.reseller_prefix}{user.split(':')[0]}"
        return {"key": key, "url": f"$HOST/v1/{account}", "groups": [".admin"]}


def filter_factory(global_conf, **local_conf):
    """What paste.deploy calls."""
    conf = {**global_conf, **local_conf}
    return lambda app: GrantedUsers(app, conf)
