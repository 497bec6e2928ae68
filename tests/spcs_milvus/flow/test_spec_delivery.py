"""Specifications by way of a stage: put there, read from there, and not put again when nothing changed."""

from spcs_milvus import opening
from spcs_milvus.plan import Action
from spcs_milvus.steps import Upload

from .conftest import QUICKSTART, Stack
from .test_up_down import done

ON_STAGE = QUICKSTART + "spec_delivery: stage\n"
STAGE = "@MILVUS_DEMO.PUBLIC.YAML_STAGE"


def _files(stack: Stack) -> set[str]:
    with stack.session("MILVUS_DEMO_OWNER") as session:
        return {row["name"].rsplit("/", 1)[-1] for row in session.run(f"LIST {STAGE}")}


def test_a_file_is_put_on_a_stage_as_it_is(stack: Stack) -> None:
    done(stack.up())
    put = f"PUT 'file:///a.yaml' {STAGE.replace('YAML_STAGE', 'DATA')} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
    with stack.target() as on:
        writes = opening.counts(on).written
        for content in (b"first", b"and then another"):
            on.account.upload(Upload(put, content, "MILVUS_DEMO_OWNER"))
        assert opening.counts(on).written == writes + 2
    with stack.session("MILVUS_DEMO_OWNER") as session:
        (row,) = session.run("LIST @MILVUS_DEMO.PUBLIC.DATA")
    assert (row["name"].rsplit("/", 1)[-1], row["size"]) == ("a.yaml", len(b"and then another"))


def test_specifications_are_put_on_the_stage(stack: Stack) -> None:
    before = stack.local.dump()
    stack.write(ON_STAGE)

    report = done(stack.up())

    assert report.status is not None
    assert report.status.ready
    files = _files(stack)
    assert sorted(file.split("-")[0] for file in files) == ["jupyter", "milvus"]
    assert stack.up().counts.write == 0
    stack.write(ON_STAGE + "milvus: {settings: {log.level: warn}}\n")
    report = done(stack.up())
    assert [(str(change.address), change.action) for change in report.plan.changes] == [
        ("service.MILVUS_DEMO.PUBLIC.MILVUS", Action.UPDATE),
        ("ready.MILVUS_DEMO.PUBLIC.MILVUS", Action.WAIT),
    ]
    assert len(_files(stack) - files) == 1
    done(stack.down())
    assert stack.local.dump() == before


def test_inline_after_stage_changes_no_service(stack: Stack) -> None:
    stack.write(ON_STAGE)
    done(stack.up())
    stack.write(QUICKSTART)

    report = done(stack.up())

    told = [(str(change.address), change.action) for change in report.plan.changes]
    assert told == [("stage.MILVUS_DEMO.PUBLIC.YAML_STAGE", Action.DELETE)]
