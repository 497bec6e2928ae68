"""A person at the notebook: opens pages of a running Jupyter server, runs cells in it, writes files."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import websocket

KERNEL_SECONDS = 60.0


class Jupyter:
    """One browser at one Jupyter server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False

    def page(self, path: str) -> requests.Response:
        """A page as a browser gets it; the first visit brings the cookie against forged requests."""
        return self.http.get(self.url + path, timeout=30)

    def cells(self, notebook: str) -> list[str]:
        """The code cells of a notebook in the server's folder."""
        content = self.page(f"/api/contents/{notebook}").json()["content"]
        return [cell["source"] for cell in content["cells"] if cell["cell_type"] == "code"]

    def write(self, path: str, text: str) -> None:
        """Saves a text file in the server's folder."""
        body = {"type": "file", "format": "text", "content": text}
        answer = self.http.put(
            f"{self.url}/api/contents/{path}", json=body, headers=self._not_forged(), timeout=30
        )
        answer.raise_for_status()

    @contextmanager
    def kernel(self) -> Iterator["Kernel"]:
        """A kernel of its own, ended afterwards."""
        answer = self.http.post(f"{self.url}/api/kernels", json={}, headers=self._not_forged(), timeout=30)
        answer.raise_for_status()
        identity = answer.json()["id"]
        address = self.url.replace("http://", "ws://") + f"/api/kernels/{identity}/channels"
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        socket = websocket.create_connection(
            address, timeout=KERNEL_SECONDS, cookie=cookies, http_no_proxy=["127.0.0.1"]
        )
        try:
            yield Kernel(socket)
        finally:
            socket.close()
            self.http.delete(f"{self.url}/api/kernels/{identity}", headers=self._not_forged(), timeout=30)

    def _not_forged(self) -> dict[str, str]:
        if "_xsrf" not in self.http.cookies:
            self.page("/tree")
        return {"X-XSRFToken": self.http.cookies["_xsrf"]}


class Kernel:
    """Runs code as a cell does. Raises AssertionError with the kernel's words when a cell fails."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def run(self, code: str) -> str:
        """What the cell printed."""
        identity = uuid.uuid4().hex
        header = {
            "msg_id": identity,
            "msg_type": "execute_request",
            "username": "",
            "session": identity,
            "version": "5.3",
        }
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self.socket.send(json.dumps(message))
        printed = ""
        # what a cell prints and that it has ended come on two channels, in no order
        awaited = {"execute_reply", "idle"}
        end = time.monotonic() + KERNEL_SECONDS
        while time.monotonic() < end:
            answer = json.loads(self.socket.recv())
            if answer["parent_header"].get("msg_id") != identity:
                continue
            match answer["msg_type"]:
                case "stream":
                    printed += answer["content"]["text"]
                case "error":
                    raise AssertionError(f"{answer['content']['ename']}: {answer['content']['evalue']}")
                case "execute_reply":
                    awaited.discard("execute_reply")
                case "status":
                    awaited.discard(answer["content"]["execution_state"])
            if not awaited:
                return printed
        raise AssertionError("the kernel did not answer in time")
