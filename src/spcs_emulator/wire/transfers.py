"""PUT and GET as clients speak them: where the files go, and a bucket that takes and gives them.

In: what a PUT or GET statement allows. Out: the part of its answer that tells the client where to transfer,
and answers to the transfers. Touches the stages' folders. The bucket speaks as much of Google Cloud Storage
as connectors use, because connector 5 takes its address from the answer, plain HTTP included; observed:
connectors before 5 insist on https there, so they get an address for each file ("presigned"), for which they
repeat the PUT. An address holds a secret of its statement, good for an hour and for nothing but its files.
"""

import base64
import hashlib
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from spcs_emulator.account.results import Transfer
from spcs_emulator.account.stage_files import RefusedFileError, StageFiles, StoredFile
from spcs_emulator.clock import Clock
from spcs_emulator.wire.messages import Request, Response, json_response
from spcs_emulator.wire.rowset import statement_type

PATH = "/bucket/"
LIFE = timedelta(hours=1)
KEPT = 10_000
# The connectors before this one insist on https for the bucket of an answer.
_FIRST_WITH_ENDPOINT = 5
_ADDRESS = re.compile(rf"{PATH}([\w-]+)/([0-9a-f]+)/(.+)", re.DOTALL)
_THRESHOLD = 200 * 2**20
_DIGEST = "x-goog-meta-sfc-digest"


@dataclass(frozen=True)
class _Permit:
    """What one statement allows, and until when."""

    transfer: Transfer
    until: datetime

    def allows(self, method: str, stage: str, name: str) -> bool:
        if stage != self.transfer.stage:
            return False
        if self.transfer.command == "DOWNLOAD":
            return method in ("GET", "HEAD") and name in self.transfer.files
        inside = name.startswith(self.transfer.prefix) and "/" not in name[len(self.transfer.prefix) :]
        return method in ("PUT", "HEAD") and inside


class Transfers:
    """The permits given, and the bucket."""

    def __init__(self, files: StageFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._permits: OrderedDict[str, _Permit] = OrderedDict()

    def data(self, transfer: Transfer, client: str, host: str) -> dict[str, Any]:
        """Return what the answer to PUT or GET says to a client that calls itself "name version" and reached
        this server as `host` ("127.0.0.1:port").
        """
        token = self._permit(transfer)
        base = f"http://{host}{PATH}{token}"
        given = self._one_place if _major(client) >= _FIRST_WITH_ENDPOINT else self._addresses
        upload = transfer.command == "UPLOAD"
        return {
            "command": transfer.command,
            "src_locations": [transfer.local] if upload else list(transfer.files),
            "localLocation": None if upload else transfer.local,
            **given(transfer, base, token),
            "encryptionMaterial": None,
            "autoCompress": transfer.compress,
            "sourceCompression": transfer.compression,
            "overwrite": transfer.overwrite,
            "parallel": transfer.parallel,
            "threshold": _THRESHOLD,
            "statementTypeId": statement_type(transfer),
        }

    def _one_place(self, transfer: Transfer, base: str, token: str) -> dict[str, Any]:
        creds = {"GCS_ACCESS_TOKEN": token}
        return {"stageInfo": {**_stage_info(transfer), "creds": creds, "endPoint": base}}

    def _addresses(self, transfer: Transfer, base: str, _token: str) -> dict[str, Any]:
        def address(name: str) -> str:
            return f"{base}/{transfer.stage}/{quote(name)}"

        upload = transfer.prefix + transfer.local.rpartition("/")[2]
        return {
            "stageInfo": {**_stage_info(transfer), "creds": {}, "presignedUrl": address(upload)},
            "presignedUrls": [address(name) for name in transfer.files],
        }

    def _permit(self, transfer: Transfer) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._permits[token] = _Permit(transfer, self._clock.now() + LIFE)
            while len(self._permits) > KEPT:
                self._permits.popitem(last=False)
        return token

    def respond(self, request: Request) -> Response:
        """Answer a request to the bucket: 404 for an address that is not, or no longer, good."""
        match = _ADDRESS.fullmatch(request.path)
        permit = self._permits.get(match[1]) if match else None
        if match is None or permit is None or permit.until <= self._clock.now():
            return _refusal(404, "there is no such address")
        stage, name = match[2], unquote(match[3])
        if not permit.allows(request.method, stage, name):
            return _refusal(403, "the statement does not allow this")
        if request.method == "PUT":
            return self._put(request, permit.transfer, name)
        found = self._files.find(stage, name)
        return _sent(found) if found else _refusal(404, "there is no such file")

    def _put(self, request: Request, transfer: Transfer, name: str) -> Response:
        there = None if transfer.overwrite else self._files.find(transfer.stage, name)
        if there is not None:
            # Clients before 5 do not look first; the same content again is no harm.
            same = request.header(_DIGEST) == _digest(there.path)
            return Response(200) if same else _refusal(412, "the file is there and not to be overwritten")
        length = request.header("content-length")
        try:
            self._files.receive(transfer.stage, name, int(length) if length else None, request.body.read)
        except RefusedFileError as refused:
            return _refusal(refused.status, str(refused))
        except (EOFError, ValueError) as error:
            return _refusal(400, f"the file is not sent as HTTP asks for: {error}")
        return Response(200)


def _stage_info(transfer: Transfer) -> dict[str, Any]:
    location = f"{transfer.stage}/{transfer.prefix}"
    return {"locationType": "GCS", "location": location, "region": "local", "isClientSideEncrypted": False}


def _sent(file: StoredFile) -> Response:
    headers = {"Content-Type": "application/octet-stream", _DIGEST: _digest(file.path)}
    return Response(200, headers, file.path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha256").digest()).decode()


def _refusal(status: int, why: str) -> Response:
    return json_response({"error": {"code": status, "message": why}}, status)


def _major(client: str) -> int:
    """Return the major version of "name version"; what says none is taken for a new one."""
    number = re.search(r" (\d{1,4})\.", client)
    return int(number[1]) if number else _FIRST_WITH_ENDPOINT
