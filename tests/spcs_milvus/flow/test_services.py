"""A service of the user's own beside the stack: up, nothing more to do, a change of its template, down."""

import json
from pathlib import Path

import pytest
import requests

from spcs_milvus.errors import ConfigError
from spcs_milvus.plan import Action

from .command_line import CommandLine
from .conftest import QUICKSTART, Stack
from .test_up_down import done

WITH_PAGE = QUICKSTART + "services: {page: {image: images/page, spec: page.yaml.j2, pool: jupyter}}\n"
PROCESS = """
version: 1
command:
- "{python}"
- -c
- |
  import http.server, os, sys
  class Page(http.server.BaseHTTPRequestHandler):
      def do_GET(self):
          self.send_response(200)
          self.end_headers()
          self.wfile.write(os.environ["MILVUS_URI"].encode())
  http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
- "{port:8000}"
ports: [8000]
readiness: {http: 8000, path: /}
"""
TEMPLATE = """
spec:
  containers:
  - name: page
    image: {{ image }}
    env: {MILVUS_URI: {{ milvus_uri }}}
    readinessProbe: {port: 8000, path: /}
  endpoints:
  - {name: page, port: 8000, public: true}
"""


def _write_page(folder: Path) -> None:
    (folder / "images" / "page").mkdir(parents=True)
    (folder / "images" / "page" / "process.yaml").write_text(PROCESS, encoding="utf-8")
    (folder / "page.yaml.j2").write_text(TEMPLATE, encoding="utf-8")


@pytest.fixture
def with_page(stack: Stack) -> Stack:
    """The stack and a small service beside it."""
    _write_page(stack.file.parent)
    stack.write(WITH_PAGE)
    return stack


def test_a_service_of_ones_own_lives_with_the_stack(with_page: Stack) -> None:
    before = with_page.local.dump()

    done(with_page.up())

    shown = {service["name"]: service["ready"] for service in with_page.status().services}
    assert shown == {"JUPYTER": True, "MILVUS": True, "PAGE": True}
    assert with_page.up().counts.write == 0
    done(with_page.down())
    assert with_page.local.dump() == before


def test_another_template_alters_just_that_service(with_page: Stack) -> None:
    done(with_page.up())
    (with_page.file.parent / "page.yaml.j2").write_text(TEMPLATE.replace("env: {", "env: {MORE: more, "))

    report = done(with_page.up())

    assert [(str(change.address), change.action) for change in report.plan.changes] == [
        ("service.MILVUS_DEMO.PUBLIC.PAGE", Action.UPDATE),
        ("ready.MILVUS_DEMO.PUBLIC.PAGE", Action.WAIT),
    ]


def test_who_may_open_it_and_what_it_may_reach(with_page: Stack) -> None:
    done(with_page.up())
    with with_page.session("MILVUS_DEMO_PAGE") as session:
        granted = {
            (row["privilege"], row["name"]) for row in session.run("SHOW GRANTS TO ROLE MILVUS_DEMO_PAGE")
        }
        of_page = session.run("SHOW GRANTS OF SERVICE ROLE MILVUS_DEMO.PUBLIC.PAGE!ALL_ENDPOINTS_USAGE")
    with with_page.session("MILVUS_DEMO_MILVUS") as session:
        of_milvus = session.run("SHOW GRANTS OF SERVICE ROLE MILVUS_DEMO.PUBLIC.MILVUS!ALL_ENDPOINTS_USAGE")
    assert ("USAGE", "MILVUS_DEMO_JUPYTER_POOL") in granted
    assert ("USAGE", "MILVUS_DEMO_MILVUS_POOL") not in granted
    assert [row["grantee_name"] for row in of_page] == ["MILVUS_DEMO_ROLE"]
    assert {row["grantee_name"] for row in of_milvus} == {"MILVUS_DEMO_JUPYTER", "MILVUS_DEMO_PAGE"}


def test_a_template_with_a_mistake_is_told_with_its_line(with_page: Stack) -> None:
    template = with_page.file.parent / "page.yaml.j2"
    template.write_text(TEMPLATE.replace("{{ image }}", "{{ picture }}"))

    with pytest.raises(ConfigError) as caught:
        with_page.up()

    assert caught.value.problem.place == f"{template}:5"


@pytest.mark.real
def test_it_really_runs_and_is_told_where_milvus_is(here: CommandLine) -> None:
    _write_page(here.folder)
    here.write(WITH_PAGE.replace("pool: jupyter", "pool: milvus") + "jupyter: null\n")

    up = here.run("up", "--yes")

    assert up.returncode == 0, up.stderr
    shown = json.loads(here.run("status", "-o", "json").stdout)
    (page,) = (service for service in shown["services"] if service["name"] == "PAGE")
    (milvus,) = (service for service in shown["services"] if service["name"] == "MILVUS")
    told = requests.get(page["endpoints"][0]["url"], timeout=10).text
    assert told == milvus["endpoints"][0]["url"]
    assert here.run("down", "--yes").returncode == 0
