"""Folders and rings for one disk on one machine: `rings.py SWIFT_FOLDER DATA_FOLDER ACCOUNT CONTAINER OBJECT` (ports).

A ring says which server holds what. They are rebuilt before every start, because ports may have moved.
"""

import os
import sys

from swift.common.ring import RingBuilder

SERVERS = ("account", "container", "object")


def build(path, port):
    """Save a ring of one device, sixteen partitions, one replica."""
    ring = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    here = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    ring.add_dev({"region": 1, "zone": 1, "device": "disk", "weight": 1.0, "meta": "", **here})
    ring.rebalance(seed="1")
    ring.get_ring().save(path)


def main(swift_folder, data_folder, *ports):
    for folder in ("devices/disk", "recon"):
        os.makedirs(os.path.join(data_folder, folder), exist_ok=True)
    for server, port in zip(SERVERS, ports, strict=True):
        build(os.path.join(swift_folder, f"{server}.ring.gz"), int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
