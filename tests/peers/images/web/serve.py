"""Answers every GET on loopback until it is ended; says one line, so that a log has exactly one."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Nothing: the probe asks every second."""


sys.stdout.write("serving\n")
sys.stdout.flush()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
