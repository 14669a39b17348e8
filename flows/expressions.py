"""The SQL expressions a company writes (metrics, conditions), parsed and made safe before they meet any row.

Shared by the concerns that type rows (`flows.checks`) and aggregate them (`flows.engines`). An expression may use the
extract's declared columns and DuckDB's functions; it may not ask another table, the clock, chance or the machine,
since the same inputs must give the same figures. Not here: what an aggregate is and how it is made exact
(`flows.engines.metric_sql`).
"""

import difflib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from config.errors import ConfigError, Place

if TYPE_CHECKING:
    from sqlglot import exp

DIALECT: Final = "duckdb"

_FORBIDDEN: Final = frozenset(
    [
        "current_connection_id",
        "current_database",
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_query",
        "current_query_id",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_time",
        "current_timestamp",
        "current_transaction_id",
        "current_user",
        "current_datetime",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "getenv",
        "getvariable",
        "in_search_path",
        "last_day_of_today",
        "localtime",
        "localtimestamp",
        "nextval",
        "currval",
        "now",
        "pg_backend_pid",
        "query",
        "query_table",
        "rand",
        "random",
        "read_blob",
        "read_text",
        "session_user",
        "setseed",
        "sysdate",
        "today",
        "transaction_timestamp",
        "txid_current",
        "user",
        "uuid",
        "uuidv4",
        "uuidv7",
        "uuid_v4",
        "uuid_v7",
        "version",
        "write_log",
        "error",
        "sleep_ms",
    ]
)


def parse_expression(text: str, columns: Collection[str], place: Place) -> "exp.Expr":
    """The expression as a tree, its columns named as declared and quoted.

    Raises ConfigError, at `place`, for what cannot be read, an unknown column, or what may not be used.
    """
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(text, read=DIALECT)
        tokens = sqlglot.tokenize(text, read=DIALECT)
    except (sqlglot.errors.ParseError, sqlglot.errors.TokenError) as error:
        raise ConfigError(
            f"“{text}” is no SQL expression: {_reason(error)}.",
            fix="Check its brackets, quotes and words.",
            place=place,
        ) from error
    matches = list(tree.find_all(exp.RegexpLike))
    if matches and any(token.token_type is sqlglot.TokenType.TILDE for token in tokens):
        raise ConfigError(
            f"“{text}” uses ~, which engines understand differently.",
            fix="Write regexp_full_match(column, 'pattern') or regexp_matches(column, 'pattern').", place=place,
        )  # fmt: skip
    for fault in _faults(tree):
        raise ConfigError(f"“{text}” {fault}.", fix="Use the extract's own columns and SQL functions.", place=place)
    return _with_declared_columns(tree, text, columns, place)


def _faults(tree: "exp.Expr") -> Iterator[str]:
    from sqlglot import exp

    for node in tree.walk():
        if isinstance(node, exp.Query | exp.Subquery | exp.Table | exp.DDL | exp.Command):
            yield "asks another table"
        elif isinstance(node, exp.Window):
            yield "uses a window (OVER), which has no meaning for a unit's rows"
        elif isinstance(node, exp.Placeholder | exp.Parameter):
            yield f"has the placeholder {node.sql(DIALECT)}"
        elif isinstance(node, exp.Alias):
            yield "names its result (AS)"
        elif isinstance(node, exp.Func) and (name := function_name(node)) in _FORBIDDEN:
            yield f"uses {name}(), so that the same rows would not always give the same figure"
    if not isinstance(tree, exp.Condition | exp.Func | exp.Filter | exp.Paren | exp.Between | exp.WithinGroup):
        yield "is more than one expression"


def function_name(node: "exp.Expr") -> str:
    """A function's name as DuckDB knows it, in small letters."""
    text = node.sql(DIALECT).lower()
    return text.partition("(")[0].strip()


def _with_declared_columns(tree: "exp.Expr", text: str, columns: Collection[str], place: Place) -> "exp.Expr":
    from sqlglot import exp

    tree = tree.copy()
    for column in tree.find_all(exp.Column):
        name = column.name.lower()
        if column.table or name not in columns:
            near = difflib.get_close_matches(name, sorted(columns), n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(
                f"“{text}” uses {column.sql(DIALECT)}, which is no column of the extract.",
                fix=f"{hint}It has: {', '.join(sorted(columns))}. Texts stand in single quotes.", place=place,
            )  # fmt: skip
        column.set("this", exp.to_identifier(name, quoted=True))
    return tree


def _reason(error: Exception) -> str:
    details = getattr(error, "errors", None) or [{}]
    description = str(details[0].get("description") or "it ends too early or has a wrong sign").rstrip(".")
    near = str(details[0].get("highlight") or "").strip()
    return f"{description[:1].lower()}{description[1:]}" + (f" near “{near}”" if near else "")
