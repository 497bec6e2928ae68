"""Errors of the OCI distribution API: code, HTTP status, and the body a client reads.

In: what went wrong. Out: a `Response`. Pure. Codes are the specification's own (OCI Distribution
Specification, Error Codes); Snowflake documents none for its registry.
"""

import errno
from typing import Literal

from spcs_emulator.wire.messages import Response, json_response

Code = Literal[
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "PAGINATION_NUMBER_INVALID",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "UNKNOWN",
    "UNSUPPORTED",
]

_FULL = {errno.ENOSPC, errno.EDQUOT}


class RegistryError(Exception):
    """A request that is answered with an error. `detail` is for a person and never holds a secret; `headers`
    go with the answer.
    """

    def __init__(self, status: int, code: Code, message: str, detail: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers: dict[str, str] = {}

    def response(self) -> Response:
        """The error as clients read it."""
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        answer = json_response({"errors": [error]}, self.status)
        return Response(self.status, {**answer.headers, **self.headers}, answer.body)


def from_disk(error: OSError) -> RegistryError:
    """The answer when the disk failed: 507 when it is full, else 500."""
    if error.errno in _FULL:
        return RegistryError(507, "UNKNOWN", "the registry's disk is full", error.strerror)
    return RegistryError(500, "UNKNOWN", "the registry's disk failed", error.strerror)
