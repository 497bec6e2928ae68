"""Files on a stage, put there by the deployer's own session."""

from spcs_milvus import deployment
from spcs_milvus.steps import Upload

from .conftest import Stack
from .test_up_down import done

STAGE = "@MILVUS_DEMO.PUBLIC.DATA"


def test_a_file_is_put_on_a_stage_as_it_is(stack: Stack) -> None:
    done(stack.up())
    put = f"PUT 'file:///a.yaml' {STAGE} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
    with stack.target() as on:
        writes = deployment.counts(on).written
        for content in (b"first", b"and then another"):
            on.account.upload(Upload(put, content, "MILVUS_DEMO_OWNER"))
        assert deployment.counts(on).written == writes + 2
    with stack.session("MILVUS_DEMO_OWNER") as session:
        (row,) = session.run(f"LIST {STAGE}")
    assert (row["name"].rsplit("/", 1)[-1], row["size"]) == ("a.yaml", len(b"and then another"))
