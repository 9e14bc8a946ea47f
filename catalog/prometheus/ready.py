"""Succeeds when the address answers to the component's own password."""

import base64
import os
import sys
import urllib.request

login = base64.b64encode(f"stack:{os.environ['STACK_PASSWORD']}".encode()).decode()
request = urllib.request.Request(sys.argv[1], headers={"Authorization": f"Basic {login}"})
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).read()
