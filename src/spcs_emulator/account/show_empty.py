"""SHOW of what the local account holds none of: the columns of answers that never have a row.

In: nothing. Out: `EMPTY`, by the words of the statement. Touches nothing.
"""

from collections.abc import Mapping

from spcs_emulator.account.results import Shape, columns

_SOURCE = "assumed: as documented on its page, where the list is not complete"
_PLACE = "created_on name database_name schema_name"
_CALLED = (
    "created_on name schema_name is_builtin is_aggregate is_ansi min_num_arguments max_num_arguments "
    "arguments description catalog_name is_table_function valid_for_clustering is_secure secrets "
    "external_access_integrations"
)
_ARGUMENTS = "min_num_arguments max_num_arguments"


def _empty(what: str, names: str, fixed: str = "") -> tuple[str, Shape]:
    return what, columns(f"SHOW {what}", names, fixed=fixed, source=_SOURCE)


EMPTY: Mapping[str, Shape] = dict(
    (
        _empty(
            "OBJECTS",
            f"{_PLACE} kind comment cluster_by rows bytes owner retention_time owner_role_type",
            "rows bytes",
        ),
        _empty(
            "TABLES",
            f"{_PLACE} kind comment cluster_by rows bytes owner retention_time automatic_clustering "
            "change_tracking is_external enable_schema_evolution owner_role_type is_event is_hybrid "
            "is_iceberg is_dynamic is_immutable",
            "rows bytes",
        ),
        _empty(
            "VIEWS",
            "created_on name reserved database_name schema_name owner comment text is_secure is_materialized "
            "owner_role_type change_tracking",
        ),
        _empty(
            "USER FUNCTIONS",
            f"{_CALLED} is_external_function language is_memoizable is_data_metric",
            _ARGUMENTS,
        ),
        _empty("USER PROCEDURES", _CALLED, _ARGUMENTS),
        _empty(
            "TASKS",
            "created_on name id database_name schema_name owner comment warehouse schedule predecessors "
            "state definition condition allow_overlapping_execution error_integration owner_role_type",
        ),
        _empty(
            "STREAMS",
            f"{_PLACE} owner comment table_name source_type base_tables type stale mode stale_after "
            "invalid_reason owner_role_type",
        ),
        _empty(
            "PIPES",
            f"{_PLACE} definition owner notification_channel comment integration pattern error_integration "
            "owner_role_type invalid_reason",
        ),
        _empty("FILE FORMATS", f"{_PLACE} type owner comment format_options owner_role_type"),
        _empty("ALERTS", f"{_PLACE} owner comment warehouse schedule state condition action owner_role_type"),
        _empty("TAGS", f"{_PLACE} owner comment allowed_values owner_role_type"),
        _empty("MASKING POLICIES", f"{_PLACE} kind owner comment owner_role_type options"),
        _empty("ROW ACCESS POLICIES", f"{_PLACE} kind owner comment owner_role_type options"),
        _empty("EVENT TABLES", f"{_PLACE} owner comment owner_role_type"),
        _empty(
            "DYNAMIC TABLES",
            f"{_PLACE} cluster_by rows bytes owner target_lag refresh_mode warehouse comment text "
            "owner_role_type",
            "rows bytes",
        ),
        _empty("STREAMLITS", f"{_PLACE} title owner comment query_warehouse url_id owner_role_type"),
        _empty("NOTEBOOKS", f"{_PLACE} comment owner query_warehouse url_id owner_role_type"),
        _empty(
            "GIT REPOSITORIES",
            f"{_PLACE} origin api_integration git_credentials owner owner_role_type comment last_fetched_at",
        ),
        _empty(
            "MODELS",
            "created_on name model_type database_name schema_name comment owner default_version_name "
            "versions aliases",
        ),
    )
)
