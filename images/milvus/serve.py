"""Runs Milvus Lite as a server on loopback, in place of the Milvus container.

In go a data folder and a port; it serves Milvus's protocol on 127.0.0.1 until SIGTERM or SIGINT and then
closes the data in good order. Milvus Lite has a server command of its own; this one differs from it where a
Milvus server does: it answers for every collection as soon as it listens (Milvus Lite leaves them released
after a restart), it stops in order on SIGTERM, and a taken port is an error. Touches nothing outside the data
folder.
"""

import argparse
import logging
import signal
import sys
from concurrent import futures
from queue import SimpleQueue

import grpc
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import milvus_pb2_grpc

# As a Milvus server takes them, so that no insert is refused only here.
MAX_MESSAGE_BYTES = 256 * 1024 * 1024
WORKERS = 10
STOP_SECONDS = 5

log = logging.getLogger("serve")


def main() -> None:
    """Serve until told to stop.

    Raises RuntimeError when the port is taken, and OSError or milvus_lite's own error when the folder cannot
    be used or another server holds it.
    """
    parser = argparse.ArgumentParser(description="Milvus Lite as a server on loopback")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()

    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # A queue of this kind may be filled from a signal handler; the lock of an event could be held by the very
    # code that the signal interrupts.
    endings: SimpleQueue[int] = SimpleQueue()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda number, _frame: endings.put(number))

    with MilvusLite(arguments.data_dir) as database:
        load_collections(database)
        server = build_server(database, arguments.port)
        server.start()
        log.info("Milvus Lite serves %s on 127.0.0.1:%d", arguments.data_dir, arguments.port)
        log.info("Milvus Lite stops on %s", signal.Signals(endings.get()).name)
        server.stop(grace=STOP_SECONDS).wait()


def load_collections(database: MilvusLite) -> None:
    """Load every collection, as a Milvus server does for those in use when it went down.

    Milvus Lite keeps no record of which those were, so one that had been released is loaded as well.
    """
    for name in database.list_databases():
        for collection in database.list_collections(name):
            database.get_collection(collection, name).load()
            log.info("loaded %s.%s", name, collection)


def build_server(database: MilvusLite, port: int) -> grpc.Server:
    """Make the server, bound to 127.0.0.1 and not started. Raises RuntimeError when the port is taken."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=WORKERS),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            # Two servers on one port would share its clients at random.
            ("grpc.so_reuseport", 0),
        ],
    )
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    return server


if __name__ == "__main__":
    main()
