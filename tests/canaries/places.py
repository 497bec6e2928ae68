"""Every place where a secret can stand, each with a canary of its own: a text found nowhere else.

Comes in: nothing. Goes out: the places as data, and the project, the files and the variables that plant
them. A canary has a core of letters and digits, which every way of quoting leaves as it is, and around it
what shells, SQL, JSON, URLs and Python would quote.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.spcs_milvus.stack import QUICKSTART


@dataclass(frozen=True)
class Place:
    """``name`` says where it stands; ``core`` is what is looked for."""

    name: str
    core: str

    @property
    def text(self) -> str:
        """The secret as it is planted; it keeps the password policy of the account."""
        return f'It\'s "{self.core}" \\ 41% & <b>'


def _places(names: str, first: int) -> dict[str, Place]:
    return {name: Place(name, f"Canary{number}Of5318008") for number, name in enumerate(names.split(), first)}


# --- the project file ---------------------------------------------------------------------------------

# the way to a secret in the model, and how it is planted there; a test holds the ways against the model
WAYS = {
    "users.*.password": ("password-by-variable", "password-by-file", "password-of-an-environment"),
    "secrets.*.generic_string": ("secret-by-variable", "secret-by-file", "secret-of-an-environment"),
}
IN_THE_PROJECT = _places(" ".join(name for names in WAYS.values() for name in names), 100)

PROJECT = f"""{QUICKSTART}
users:
- {{name: bob, password: "${{env:PASSWORD_BY_VARIABLE}}", must_change_password: false}}
- {{name: eve, password: "${{file:password-by-file.txt}}"}}
- {{name: alice, password: generate}}
secrets:
  BY_VARIABLE: {{generic_string: "${{env:SECRET_BY_VARIABLE}}"}}
  BY_FILE: {{generic_string: "${{file:secret-by-file.txt}}"}}
services:
  page: {{image: page, spec: page.yaml.j2, pool: jupyter}}
environments:
  prod:
    names: {{prefix: PROD}}
    users: [{{name: bea, password: "${{env:PASSWORD_OF_AN_ENVIRONMENT}}"}}]
    secrets: {{BY_VARIABLE: {{generic_string: "${{env:SECRET_OF_AN_ENVIRONMENT}}"}}}}
"""
PAGE = """
spec:
  containers:
  - name: page
    image: {{ image }}
    secrets:
    - {snowflakeSecret: {{ secrets.BY_VARIABLE }}, envVarName: TOKEN, secretKeyRef: secret_string}
    - {snowflakeSecret: {{ secrets.BY_FILE }}, directoryPath: /secrets}
"""
PAGE_IMAGE = 'version: 1\ncommand: ["{python}", -c, "import time; time.sleep(600)"]\n'


def variables() -> dict[str, str]:
    """The environment variables that the project names."""
    return {
        name.upper().replace("-", "_"): place.text
        for name, place in IN_THE_PROJECT.items()
        if not name.endswith("by-file")
    }


def files() -> dict[str, str]:
    """What lies beside the project file, by path."""
    kept = {f"{name}.txt": place.text for name, place in IN_THE_PROJECT.items() if name.endswith("by-file")}
    return {
        **kept,
        "spcs-milvus.yaml": PROJECT,
        "page.yaml.j2": PAGE,
        "page/process.yaml": PAGE_IMAGE,
        "page/Dockerfile": "FROM scratch\n",
    }


# --- the connection -----------------------------------------------------------------------------------

# the options that carry a secret, and those of the rest that the environment may give
SECRET_OPTIONS = "password private_key_raw token oauth_client_secret private_key_file_pwd passcode".split()
OPEN_OPTIONS = (
    "account user host port protocol authenticator workload_identity_provider private_key_file "
    "private_key_path database schema role warehouse token_file_path oauth_client_id oauth_authorization_url "
    "oauth_token_request_url oauth_redirect_uri oauth_scope oauth_disable_pkce "
    "oauth_enable_refresh_tokens oauth_enable_single_use_refresh_tokens client_store_temporary_credential"
).split()
WRITTEN = _places(" ".join(f"connections.toml:{option}" for option in SECRET_OPTIONS), 200)
BY_VARIABLE = _places(
    " ".join(
        name
        for option in SECRET_OPTIONS
        for name in (f"SNOWFLAKE_{option.upper()}", f"SNOWFLAKE_CONNECTIONS_CI_{option.upper()}")
    )
    + " PRIVATE_KEY_PASSPHRASE",
    300,
)


def connection_variables() -> dict[str, str]:
    """The environment variables that give a connection a secret."""
    return {name: place.text for name, place in BY_VARIABLE.items()}


def written_options() -> dict[str, str]:
    """A connection in connections.toml that has a secret in each of its options."""
    return {name.partition(":")[2]: place.text for name, place in WRITTEN.items()}


# --- the project file, slips of the hand ---------------------------------------------------------------

SLIP = Place("a slip in the project file", "Canary900Of5318008")
# what somebody types where a secret goes, in place of a reference to it; each ends `validate` with an error
SLIPS = {
    "the secret itself": "secrets: {TOKEN: {generic_string: CANARY}}",
    "the password itself": "users: [{name: bob, password: CANARY}]",
    "an alias": "users: [{name: bob, password: *CANARY}]",
    "a tag": "users:\n- name: bob\n  password: !CANARY\n",
    "a tag with a handle": "users:\n- name: bob\n  password: !CANARY!x\n",
    "an anchor twice": "users:\n- name: bob\n  password: &CANARY x\n  default_role: &CANARY y\n",
    "an at sign": "users:\n- name: bob\n  password: @CANARY\n",
    "a percent sign": "users:\n- name: bob\n  password: %CANARY\n",
    "a pipe": "users:\n- name: bob\n  password: |CANARY\n",
    "a brace": "users:\n- name: bob\n  password: {CANARY\n",
    "a mapping": "users:\n- name: bob\n  password: {CANARY: 1}\n",
    "a list": "users: [{name: bob, password: [CANARY]}]",
    "an open quote": 'users:\n- name: bob\n  password: "CANARY\n',
    "an unknown escape": 'users:\n- name: bob\n  password: "\\CANARY"\n',
    "more behind the quote": "users:\n- name: bob\n  password: 'a' CANARY\n",
    "a colon": "users:\n- name: bob\n  password: CANARY: x\n",
    "no blank": "users:\n- name: bob\n  password:CANARY\n",
    "no blank between braces": "users: [{name: bob, password:CANARY}]",
    "a misspelled key": "users: [{name: bob, pasword: CANARY}]",
    "the key of another section": "secrets: {TOKEN: {password: CANARY}}",
    "no key": "secrets: {TOKEN: CANARY}",
    "the secret as key": "secrets: {TOKEN: {CANARY: }}",
    "the secrets as list": "secrets: [CANARY]",
    "the password on top": "password: CANARY\n",
    "users by name": "users: {bob: {password: CANARY}}",
    "a key twice": "secrets: {TOKEN: {generic_string: a, generic_string: CANARY}}",
    "a variable without its kind": "secrets: {TOKEN: {generic_string: '${CANARY}'}}",
    "a variable of no kind": "secrets: {TOKEN: {generic_string: '${CANARY:X}'}}",
    "beside a variable": "secrets: {TOKEN: {generic_string: 'CANARY${env:NOBODY}'}}",
    "an invisible character": 'secrets: {TOKEN: {generic_string: "CANARY\\0"}}',
    "a tabulator": "secrets:\n\tTOKEN: CANARY\n",
    "binary": "secrets: {TOKEN: {generic_string: !!binary CANARY}}",
    "a setting of Milvus": "milvus: {settings: {minio.secretAccessKey: CANARY}}",
    "a build argument": "milvus: {image: {context: ., arguments: {API_TOKEN: CANARY}}}",
    "a user without passwords": "users: [{name: bob, type: SERVICE, password: '${env:CANARY_VARIABLE}'}]",
    "a secret in an environment": "environments: {prod: {secrets: {T: {generic_string: CANARY}}}}",
    "a tag in an environment": "environments: {prod: {users: [{name: bob, password: !CANARY}]}}",
}


def every_place() -> Iterator[Place]:
    """All places that are planted in an ordinary run."""
    for places in (IN_THE_PROJECT, WRITTEN, BY_VARIABLE):
        yield from places.values()
