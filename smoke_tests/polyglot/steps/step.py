"""step.py FROM TO: one step of the relay, summed by whichever NumPy is in this environment."""

import sys
from urllib.request import ProxyHandler, Request, build_opener

import numpy

web = build_opener(ProxyHandler({}))
came, goes = sys.argv[1:3]
data = web.open(came, timeout=30).read()
total = int(numpy.frombuffer(data, numpy.uint8).sum(dtype=numpy.uint64))
line = f"python numpy-{numpy.__version__} {total}\n".encode()
with web.open(Request(goes, data + line, method="PUT"), timeout=30):
    print(line.decode().strip())
