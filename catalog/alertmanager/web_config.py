"""Writes the file by which Alertmanager asks for a password; it wants it hashed."""

import os
import sys
from pathlib import Path

import bcrypt

# Few rounds: the password is long and random, and every request is checked.
hashed = bcrypt.hashpw(os.environ["STACK_PASSWORD"].encode(), bcrypt.gensalt(4)).decode()
Path(sys.argv[1]).write_text(f"basic_auth_users:\n  stack: {hashed}\n", encoding="utf-8")
