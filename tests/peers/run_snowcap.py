"""Snowcap at work, run by the Python of its own environment: its command line cannot be told a host.

In: the word `plan` or `apply`, and on standard input JSON with `connection`, the connector's options, and
`project`, what to make. Out, on standard output: the changes planned, as JSON; or what Snowcap says while it
makes them. A run is a process of its own because Snowcap remembers answers.
"""

import json
import sys

import snowflake.connector
from snowcap.blueprint import Blueprint, dump_plan
from snowcap.gitops import collect_blueprint_config


def main() -> None:
    """Plans, and makes what is planned when asked to."""
    asked = json.load(sys.stdin)
    blueprint = Blueprint.from_config(collect_blueprint_config(asked["project"]))
    with snowflake.connector.connect(**asked["connection"]) as connection:
        plan = blueprint.plan(connection)
        if sys.argv[1] == "apply":
            blueprint.apply(connection, plan)
        else:
            sys.stdout.write(dump_plan(plan, format="json"))


main()
