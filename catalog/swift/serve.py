"""Swift's account, container, object and proxy servers in one process: `serve.py SWIFT_FOLDER DATA_FOLDER`.

The first holds swift.conf, the rings, and one configuration file a server. Swift's own launcher wants
a fleet of processes and syslog; one machine needs neither.
"""

import logging
import os
import signal
import socket
import sys
import time

import eventlet
import eventlet.wsgi

eventlet.hubs.use_hub("poll")  # what Swift's own launcher uses
eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from swift.common import constraints, utils, wsgi  # noqa: E402 (only after the sockets are green)
from swift.common.utils import logs  # noqa: E402

SERVERS = ("account", "container", "object", "proxy")


class StderrHandler(logging.StreamHandler):
    """Swift logs to syslog, and over UDP where there is none; here the log is standard error."""

    def __init__(self, address=None, facility=None):
        super().__init__(sys.stderr)


def listen(conf):
    """Bind a server's port. Swift's own way allows two servers on one port, and both would answer."""
    sock = eventlet.listen((conf["bind_ip"], int(conf["bind_port"])), backlog=512, reuse_port=False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def serve(sock, app):
    """One server in its green thread, with the settings of Swift's own launcher."""
    eventlet.wsgi.server(
        sock,
        app,
        wsgi.NullLogger(),  # no line a request; Swift's errors are logged by Swift
        protocol=wsgi.SwiftHttpProtocol,
        custom_pool=eventlet.GreenPool(256),
        socket_timeout=60,
        capitalize_response_headers=False,  # S3 clients want ETag, not Etag
        url_length_limit=constraints.MAX_REQUEST_LINE,
    )


def main(swift_folder, data_folder):
    os.environ["TZ"] = "UTC+0"
    time.tzset()
    logs.ThreadSafeSysLogHandler = StderrHandler
    utils.set_swift_dir(swift_folder)
    common = {
        "swift_dir": swift_folder,
        "devices": os.path.join(data_folder, "devices"),
        "recon_cache_path": os.path.join(data_folder, "recon"),
        "mount_check": "false",  # the disk is a folder
        "log_level": "WARNING",
        "conn_timeout": "5",  # the defaults are for a fleet of idle machines
        "node_timeout": "60",
    }
    servers = eventlet.GreenPool()
    for name in SERVERS:
        path = os.path.join(swift_folder, f"{name}.conf")
        sock = listen(wsgi.appconfig(path, name=f"{name}-server"))
        servers.spawn(serve, sock, wsgi.loadapp(path, global_conf={"log_name": name, **common}))
    # Nothing waits in memory to be written: what was answered is on disk, what was not is asked again.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    servers.waitall()


if __name__ == "__main__":
    main(*map(os.path.abspath, sys.argv[1:]))
