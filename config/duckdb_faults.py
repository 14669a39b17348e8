"""What DuckDB itself says of a pattern or an expression, asked without any row.

Only what `config.sql_expressions` finds no fault with is asked here. Does not belong here: reading data.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from config.models import ColumnType

if TYPE_CHECKING:
    import duckdb

Told = tuple[str, str]
"""What is wrong, and what would be right."""

TYPED = {
    ColumnType.ID: "VARCHAR", ColumnType.TEXT: "VARCHAR", ColumnType.MONEY: "DECIMAL(18, 2)",
    ColumnType.NUMBER: "DECIMAL(28, 6)", ColumnType.INTEGER: "BIGINT", ColumnType.PERCENT: "DECIMAL(18, 6)",
    ColumnType.DATE: "DATE", ColumnType.TIMESTAMP: "TIMESTAMP", ColumnType.BOOLEAN: "BOOLEAN",
}  # fmt: skip
"""For asking whether types go together; scales do not matter here."""
_TYPE_NAMES = (("VARCHAR", "text"), ("INTEGER_LITERAL", "number"), ("STRING_LITERAL", "text"))
_LOOKS_AROUND = re.compile(r"\(\?(?:=|!|<=|<!|>)|\\[1-9]|\(\?P=")


def pattern_faults(pattern: str) -> Iterator[Told]:
    """Faults of a regular expression: it must mean the same to DuckDB (RE2) and to Python, which checks anew."""
    simpler = "Write it without; where that is not possible, write a condition."
    if not pattern:
        yield "The pattern is empty.", "Write a regular expression that the whole value must match, such as [A-Z]{2}."
    elif _LOOKS_AROUND.search(pattern.replace("\\\\", "")):
        yield f"“{pattern}” looks around or back, which the engine of patterns (RE2) does not.", simpler
    elif wrong := _wrong_in_python(pattern) or _wrong_in_duckdb(pattern):
        what = f"“{pattern}” is no regular expression: {wrong}."
        yield what, "Check brackets and backslashes, and put it in single quotes."


def _wrong_in_python(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except re.error as error:
        return error.msg
    except Warning:  # a set inside a set, such as [[:alpha:]], which Python reads otherwise
        return "a set stands inside a set"
    except (RecursionError, OverflowError):
        return "it is too long or too deep"
    return ""


def _wrong_in_duckdb(pattern: str) -> str:
    return _answered("SELECT regexp_full_match('', ?)", [pattern])[1]


def typing_faults(text: str, columns: Mapping[str, ColumnType], *, condition: bool, landed: bool) -> Iterator[Told]:
    """Faults of an expression's types. `landed`: its columns are texts as they came, whatever is declared."""
    names = ", ".join(
        f'CAST(NULL AS {"VARCHAR" if landed else TYPED[kind]}) AS "{name}"' for name, kind in columns.items()
    )
    # The new line ends a comment that the expression may end in.
    asked = f"DESCRIBE SELECT ({text}\n) AS value FROM (SELECT {names}) AS landed"  # noqa: S608 — reads nothing
    described, wrong = _answered(asked, [])
    if wrong:
        yield f"“{text}” cannot be worked out: {wrong}.", _typing_fix(wrong, landed=landed)
    elif condition and described != "BOOLEAN":
        yield f"“{text}” is no condition.", "Write one that is true or false, such as status <> ''."


def _typing_fix(wrong: str, *, landed: bool) -> str:
    if "does not exist" in wrong:
        return "Use DuckDB's functions of one row."
    if landed:
        return "Columns are texts here, as landed: write try_cast(amount as decimal(18, 2)), or compare with '0'."
    return "Compare like with like: a text stands in single quotes, and try_cast(… as …) turns types."


@cache
def _database() -> "duckdb.DuckDBPyConnection":
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "enable_external_access": False,
        "threads": 1,
    }  # fmt: skip
    return duckdb.connect(":memory:", config=settings)


def _answered(sql: str, values: list[str]) -> tuple[str, str]:
    """The second value of the first row, and what DuckDB refuses, in one line without its final stop."""
    import duckdb

    try:
        with _database().cursor() as asking:
            found = asking.execute(sql, values).fetchone() or ()
            return str(found[1] if len(found) > 1 else ""), ""
    except duckdb.Error as error:
        first = str(error).strip().partition("\n")[0].partition(": ")
        said = (first[2] or first[0]).partition(". You might")[0].partition(" - an explicit cast")[0].rstrip(". !")
        for theirs, ours in _TYPE_NAMES:
            said = said.replace(theirs, ours)
        return "", f"{said[:1].lower()}{said[1:]}"
