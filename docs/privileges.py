"""Writes ``docs/privileges.md``: every privilege that is needed, what for, and what fails without it.

Run it as ``.venv/bin/python docs/privileges.py`` after every change of a grant or of ``privileges.yaml``. The
grants are those of the projects in ``tests/spcs_milvus/flow/privileged.py``, where each is also left out.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from tests.spcs_milvus.flow.privileged import every_grant  # noqa: E402

from spcs_milvus.components.reasons import reason  # noqa: E402

_HEAD = """# Privileges

Made by `docs/privileges.py` of `docs/privileges.yaml` and the components. Each line is proven by tests:
without it the last column fails, and with all of them nothing does.

## What administrators need

The defaults under `roles:` (`ACCOUNTADMIN`, `SECURITYADMIN`, `USERADMIN`) hold all of this. Roles of one's
own need it as below; `up` looks before its first write and prints the GRANT that is missing. Whoever runs it
also needs `SYSADMIN`, which is given the project's roles. Who may not take one of these roles is told the SQL
for whoever may, and `up` carries on once that was run.

| `roles:` | on the account | for |
|---|---|---|
"""
_GRANTS = """
## What `up` grants

In a project that uses everything, and (`SHARED`) in a database that was there before. The project's own
roles go with `down`, and every grant with them.

| grant | because | without it fails |
|---|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    table: dict[str, Any] = yaml.safe_load((DOCS / "privileges.yaml").read_text(encoding="utf-8"))
    administrators = "".join(
        f"| `{role}` | {right} | {use} |\n"
        for role, rights in table["administrators"].items()
        for right, use in rights.items()
    )
    with tempfile.TemporaryDirectory() as folder:
        grants = {name: reason(grant) for name, (_, grant) in every_grant(Path(folder)).items()}
    lines = "".join(f"| {name} | {why} | {table['grants'][name]} |\n" for name, why in grants.items())
    return f"{_HEAD}{administrators}{_GRANTS}{lines}"


if __name__ == "__main__":
    (DOCS / "privileges.md").write_text(page(), encoding="utf-8")
