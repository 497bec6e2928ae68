"""The envelope of every JSON answer, and reading the JSON of every request.

In: data or an error. Out: HTTP answers. Observed: what Snowflake refuses is HTTP 200 with `success` false
and a code that is a string; clients retry on 5xx, so none is ever sent.
"""

import gzip
import io
import json
import zlib
from typing import Any

from spcs_emulator.faults import INTERNAL, SqlError
from spcs_emulator.wire.messages import Request, Response, json_response

BODY_LIMIT = 16_000_000


def success(data: Any, code: str | None = None, message: str | None = None) -> Response:
    """Return a good answer."""
    return json_response({"data": data, "code": code, "message": message, "success": True})


def failure(error: SqlError, query_id: str | None = None) -> Response:
    """Return the answer for a refusal."""
    data = {
        "errorCode": error.code,
        "sqlState": error.sqlstate,
        "queryId": query_id,
        "line": -1,
        "pos": -1,
        "type": "COMPILATION",
        "internalError": error.errno == INTERNAL.errno,
    }
    return json_response({"data": data, "code": error.code, "message": error.message, "success": False})


def bare_failure(error: SqlError) -> Response:
    """Return the answer for a refusal without data. Observed: connectors from 5 on look for the answer to an
    authenticator request in any data there is, and say that it is missing instead of what was refused.
    """
    return json_response({"data": None, "code": error.code, "message": error.message, "success": False})


def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body, gunzipped; {} for an empty one. SqlError 300002 when it is no
    such.
    """
    try:
        body = request.body.read(BODY_LIMIT)
        if request.header("content-encoding") == "gzip":
            with gzip.open(io.BytesIO(body)) as stream:
                body = stream.read(BODY_LIMIT)
        value = json.loads(body or b"{}")
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise INTERNAL(cause=f"the request's body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise INTERNAL(cause="the request's body is not a JSON object")
    return value


def token(request: Request) -> str | None:
    """Return the token in `Authorization: Snowflake Token="…"`, None when there is none."""
    header = request.header("authorization") or ""
    prefix = 'Snowflake Token="'
    if not header.startswith(prefix) or not header.endswith('"'):
        return None
    found = header[len(prefix) : -1]
    return found if found not in ("", "None") else None
