"""The grammar: what is read, and where what is not read is pointed at."""

import pytest

from spcs_emulator.faults import SqlError
from spcs_emulator.statement.parse import parse as parse_written
from spcs_emulator.statement.parse import read
from spcs_emulator.statement.tokens import tokenize
from spcs_emulator.statement.values import Alter, Create, ListFiles, Name, ObjectKind, Select, Show, Statement


def parse(text: str, count: int = 1) -> Statement:
    (written,) = read(text, count)
    return parse_written(written)


UNDERSTOOD = [
    "use role accountadmin;",
    'USE ROLE "My Role"',
    "USE SECONDARY ROLES NONE",
    "USE WAREHOUSE w",
    "USE SCHEMA d.s",
    "USE d.s",
    "-- a comment\nSHOW ROLES -- another",
    "/* a */ SHOW /* b */ ROLES // c",
    "CREATE COMPUTE POOL IF NOT EXISTS P MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = $$CPU_X64_S$$",
    "CREATE COMPUTE POOL P MIN_NODES 1 MAX_NODES 2 INSTANCE_FAMILY 'CPU_X64_S' AUTO_RESUME True",
    "describe compute pool IDENTIFIER('X')",
    "show compute pools like '%%'",
    "show image repositories in account",
    "show image repositories like 'MILVUS\\\\_REPO'",
    "show images like '%%' in image repository R",
    "show endpoints in service X",
    "call SYSTEM$GET_SERVICE_LOGS('X', '0', 'milvus', 10, False, '', False);",
    "alter session set PYTHON_CONNECTOR_QUERY_RESULT_FORMAT = 'json'",
    "create stage if not exists IDENTIFIER('S') encryption = (type = 'SNOWFLAKE_FULL')",
    "create stage S directory = (enable = FALSE)",
    "alter service X set\nmin_instances = 1",
    "alter service X from specification $$ {} $$",
    "ALTER SERVICE IF EXISTS X UNSET COMMENT",
    "ALTER COMPUTE POOL P STOP ALL",
    "DROP SERVICE IF EXISTS D.S.X FORCE",
    "DROP SCHEMA S CASCADE",
    "GRANT ALL PRIVILEGES ON DATABASE D TO ROLE R",
    "GRANT USAGE, MONITOR ON SERVICE D.S.X TO ROLE R WITH GRANT OPTION",
    "GRANT SERVICE ROLE D.S.X!ALL_ENDPOINTS_USAGE TO ROLE R",
    "GRANT OWNERSHIP ON SCHEMA D.S TO ROLE R COPY CURRENT GRANTS",
    "REVOKE GRANT OPTION FOR USAGE ON SCHEMA D.S FROM ROLE R CASCADE",
    "SHOW GRANTS OF SERVICE ROLE D.S.X!ALL_ENDPOINTS_USAGE",
    "SHOW TERSE DATABASES LIKE 'x' STARTS WITH 'D' LIMIT 5 FROM 'A'",
    "SELECT CURRENT_ROLE(), CURRENT_USER, 'x' AS Y, -1, NULL, TRUE",
    "put file:///tmp/a//b.yaml @S auto_compress=false parallel=4 overwrite=True",
    "PUT 'file:///tmp/a b.yaml' '@\"s t\"/a b' SOURCE_COMPRESSION = AUTO_DETECT;",
    "GET @D.S.T/specs//x.yaml file:///tmp/ PATTERN = '.*'",
    "ls @S",
    "select * from table(result_scan('01'))",
    "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))",
    "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID(-2)))",
    "SELECT CURRENT_TIMESTAMP, CURRENT_DATE(), current_user",
    "LIST @~/x PATTERN = '.*[.]yaml'",
    "rm @%t",
]


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_understood(text: str) -> None:
    parse(text)


# Text, then line, position and token of the syntax error.
REFUSED = [
    ("FROB", 1, 0, "FROB"),
    ("CREATE OR REPLACE COMPUTE POOL P", 1, 18, "COMPUTE"),
    ("CREATE OR REPLACE SERVICE S", 1, 18, "SERVICE"),
    ("CREATE ROLE R NOTE = 'x'", 1, 14, "NOTE"),
    ("CREATE ROLE R COMMENT = 'x' COMMENT = 'y'", 1, 28, "COMMENT"),
    ("CREATE ROLE R COMMENT = x", 1, 24, "x"),
    ("CREATE ROLE", 1, 11, "<EOF>"),
    ("CREATE ROLE SELECT", 1, 12, "SELECT"),
    ("CREATE ROLE 1R", 1, 12, "1"),
    ("CREATE ROLE R\n  TAG (a = 'b')", 2, 2, "TAG"),
    ("CREATE IMAGE REPOSITORY R STORAGE = 'x'", 1, 26, "STORAGE"),
    ("CREATE COMPUTE POOL P MIN_NODES = 'one'", 1, 34, "'one'"),
    ("CREATE SERVICE S FROM SPECIFICATION $$ $$ IN COMPUTE POOL P", 1, 17, "FROM"),
    ("CREATE TRANSIENT ROLE R", 1, 17, "ROLE"),
    ("ALTER COMPUTE POOL P RENAME TO Q", 1, 21, "RENAME"),
    ("ALTER COMPUTE POOL P SET", 1, 24, "<EOF>"),
    ("ALTER SERVICE S SET COMPUTE_POOL = P", 1, 20, "COMPUTE_POOL"),
    ("ALTER IMAGE REPOSITORY R SET ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')", 1, 29, "ENCRYPTION"),
    ("DROP SERVICE S CASCADE", 1, 15, "CASCADE"),
    ("DROP ROLE R FORCE", 1, 12, "FORCE"),
    ("DESCRIBE IMAGE REPOSITORY R", 1, 9, "IMAGE"),
    ("SHOW IMAGE REPOSITORIES STARTS WITH 'x'", 1, 24, "STARTS"),
    ("SHOW ENDPOINTS", 1, 14, "<EOF>"),
    ("SHOW COMPUTE POOLS IN ACCOUNT", 1, 19, "IN"),
    ("SHOW GRANTS TO", 1, 14, "<EOF>"),
    ("GRANT USAGE ON TABLE T TO ROLE R", 1, 15, "TABLE"),
    ("GRANT USAGE ON SCHEMA S", 1, 23, "<EOF>"),
    ("USE ROLE", 1, 8, "<EOF>"),
    ("SELECT * FROM T", 1, 14, "T"),
    ("SELECT * FROM TABLE(T)", 1, 21, ")"),
    ("SELECT * FROM TABLE(RESULT_SCAN(X))", 1, 32, "X"),
    ("SELECT CURRENT_ROLE() FROM T", 1, 22, "FROM"),
    ("SELECT CURRENT_ROLE", 1, 19, "<EOF>"),
    ("PUT /tmp/x @S", 1, 4, "/"),
    ("PUT file:///tmp/x S", 1, 18, "S"),
    ("PUT file:// @S", 1, 4, "file://"),
    ("PUT file:///tmp/x @S PATTERN = 'x'", 1, 21, "PATTERN"),
    ("GET file:///tmp/ @S", 1, 4, "file:///tmp/"),
    ("LIST @", 1, 5, "@"),
    ("LIST @a.b.c.d", 1, 5, "@a.b.c.d"),
    ("REMOVE '@s\"'", 1, 7, "'@s\"'"),
    ("SHOW ROLES 'unclosed", 1, 11, "'"),
    ("ALTER COMPUTE POOL P SET AUTO_SUSPEND_SECS = 99999999999", 1, 45, "99999999999"),
    ("SHOW ROLES LIKE '\ud800'", 1, 16, "half a character"),
    ("SHOW ROLES LIKE '\\ud800'", 1, 16, "half a character"),
    ('USE ROLE ""', 1, 9, '""'),
    ("DESCRIBE COMPUTE POOL IDENTIFIER('a b')", 1, 33, "'a b'"),
    ("SHOW ROLES LIKE 'x' # nope", 1, 20, "#"),
]


@pytest.mark.parametrize(("text", "line", "position", "token"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused_where(text: str, line: int, position: int, token: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse(text)
    assert caught.value.errno == 1003
    expected = f"syntax error line {line} at position {position} unexpected '{token}'."
    assert caught.value.message.endswith(expected)


@pytest.mark.parametrize(
    ("text", "count", "errno"),
    [
        ("", 1, 900),
        (" ; -- nothing", 1, 900),
        ("SELECT 1; SELECT 2", 1, 8),
        ("SELECT 1", 2, 8),
        ("SELECT ?", 1, 2049),
        ("SELECT :1", 1, 2049),
        ("ALTER IMAGE REPOSITORY R UNSET COMMENT", 1, 2),
        ("CREATE SERVICE S IN COMPUTE POOL P FROM SPECIFICATION_FILE = 'a'", 1, 2),
        (f"CREATE ROLE {'A' * 256}", 1, 2017),
    ],
)
def test_other_refusals(text: str, count: int, errno: int) -> None:
    with pytest.raises(SqlError) as caught:
        parse(text, count)
    assert caught.value.errno == errno


@pytest.mark.parametrize(
    ("text", "name", "path", "owner"),
    [
        ("@s", "S", "", ""),
        ("@s/", "S", "", ""),
        ('@d."s t".S/a/B c', "D.s t.S", "a/B c", ""),
        ("@s//a//b/", "S", "a//b/", ""),
        ("@~", None, "", "~"),
        ("@~/a", None, "a", "~"),
        ("@%t/a", None, "a", "%"),
    ],
)
def test_places_on_stages(text: str, name: str | None, path: str, owner: str) -> None:
    statement = parse(f"LIST '{text}'")
    assert isinstance(statement, ListFiles)
    found = statement.source
    assert (found.name and str(found.name), found.path, found.owner) == (name, path, owner)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        (r"'it\'s \\ \n \x41 é \101 \q'", "it's \\ \n A é A q"),
        ("$$it's \\n$$", "it's \\n"),
        ('"a""b"', 'a"b'),
        ("abc", "ABC"),
    ],
)
def test_constants(text: str, value: str) -> None:
    token, _ = tokenize(text)
    assert token.value == value


def test_values() -> None:
    create = parse(
        "CREATE WAREHOUSE IF NOT EXISTS w WITH WAREHOUSE_SIZE = xsmall, AUTO_SUSPEND = NULL COMMENT = 'c'"
    )
    assert isinstance(create, Create)
    assert create.if_not_exists
    assert dict(create.properties) == {"WAREHOUSE_SIZE": "XSMALL", "AUTO_SUSPEND": None, "COMMENT": "c"}
    alter = parse("ALTER WAREHOUSE w UNSET COMMENT, AUTO_SUSPEND")
    assert isinstance(alter, Alter)
    assert (alter.action, alter.unset) == ("UNSET", ("COMMENT", "AUTO_SUSPEND"))
    show = parse('SHOW SERVICES IN SCHEMA "d".S')
    assert isinstance(show, Show)
    assert show.scope is not None
    assert isinstance(show.scope.name, Name)
    assert [(part.text, part.quoted) for part in show.scope.name.parts] == [("d", True), ("S", False)]
    select = parse("SELECT CURRENT_ROLE() r")
    assert isinstance(select, Select)
    assert select.items[0].heading == "R"
    assert create.kind is ObjectKind.WAREHOUSE
