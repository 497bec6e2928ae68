"""``verify``: runs the notebook inside the account, which proves that the stack answers."""

import os

from spcs_milvus import looking, opening
from spcs_milvus.cli import options
from spcs_milvus.cli.boundary import boundary
from spcs_milvus.cli.connection import connection as connect
from spcs_milvus.cli.stopping import stopping
from spcs_milvus.config import DEFAULT_FILE, load
from spcs_milvus.overlay import DEFAULT_ENVIRONMENT
from spcs_milvus.views import console, documents

app = options.commands()


@app.command()
def verify(
    file: options.ProjectFile = DEFAULT_FILE,
    environment: options.EnvironmentName = DEFAULT_ENVIRONMENT,
    connection: options.ConnectionName = None,
    output: options.OutputOption = options.Output.TEXT,
) -> None:
    """Run the notebook as a job inside the account, and exit with 0 when Milvus gave the right answer.

    It makes the notebook's collection anew, as the notebook does: test_milvus_notebook.
    """
    with boundary(output):
        loaded = load(file, os.environ, environment, secrets_too=False)
        with stopping() as stop, opening.target(loaded, connect(loaded, connection)) as on:
            proof = looking.verify(on, console.talk().print, stop)
        if output is options.Output.JSON:
            documents.write({"version": documents.VERSION, **vars(proof), "seconds": round(proof.seconds, 3)})
            return
        console.out().print(proof.answer)
        console.talk().print(f"verified in {proof.seconds:.1f} s: the notebook ran inside the account")
