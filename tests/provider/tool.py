"""A tool for tests: python tool.py PORT [DELAY]. Writes down how it was started, waits, then listens on PORT."""

import json
import os
import pathlib
import socket
import sys
import time

pathlib.Path("started.json").write_text(json.dumps({"argv": sys.argv, "env": dict(os.environ)}))
if os.environ.get("FAIL"):
    sys.exit(f"refused: {os.environ['FAIL']}")
time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 0)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
