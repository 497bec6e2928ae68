"""What a statement costs the local account itself: asked over HTTP on one connection, without a connector.

Comes in: how to reach an account. Goes out: milliseconds a statement. Touches one connection to it.
"""

import http.client
import json
import statistics
import time
from typing import Any

TIMES = 200
STATEMENTS = {
    "select": ("SELECT CURRENT_ROLE()",),
    "show": ("SHOW ROLES",),
    "write": ("CREATE ROLE BENCHMARK_OWN_TIME", "DROP ROLE BENCHMARK_OWN_TIME"),
}


def own_milliseconds(connection: dict[str, Any]) -> dict[str, float]:
    """Return the median of each sort of statement, the round trip of loopback included."""
    http_connection = http.client.HTTPConnection(connection["host"], connection["port"], timeout=30)
    login = {"LOGIN_NAME": connection["user"], "PASSWORD": connection["password"]}
    token = _post(http_connection, "/session/v1/login-request", {"data": login}, "None")["token"]
    medians = {}
    for title, texts in STATEMENTS.items():
        taken = []
        for _ in range(TIMES):
            for text in texts:
                began = time.perf_counter()
                _post(http_connection, "/queries/v1/query-request", {"sqlText": text}, token)
                taken.append(time.perf_counter() - began)
        medians[title] = statistics.median(taken) * 1000
    http_connection.close()
    return medians


def _post(connection: http.client.HTTPConnection, path: str, body: dict[str, Any], token: str) -> Any:
    headers = {"Authorization": f'Snowflake Token="{token}"', "Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = json.loads(connection.getresponse().read())
    if not answer["success"]:
        raise RuntimeError(answer["message"])
    return answer["data"]
