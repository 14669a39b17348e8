"""What a company wrote, tried before and after rows are typed: a fault is then named, and stops no more than it must.

Not here: expressions that cannot be read at all (`flows.expressions`).
"""

import re
from typing import TYPE_CHECKING

from config.errors import ConfigError, Place
from config.models import Config
from flows.checks.columns import SQL_TYPES
from flows.checks.predicates import parsed
from flows.checks.work import Work
from flows.duck import first_line, literal, quoted
from flows.expressions import DIALECT, parse_expression
from transforms.checks.suite import suite_of

if TYPE_CHECKING:
    import duckdb


def check_settings(database: "duckdb.DuckDBPyConnection", config: Config, name: str) -> None:
    """Time zone, date format and conditions are tried on no rows: a fault is then named, not found among them."""
    import duckdb

    extract, zone = config.extracts[name], config.company.time_zone
    try:
        database.execute(f"SELECT timezone({literal(zone)}, TIMESTAMPTZ '2026-01-01 00:00:00+00')").fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"“{zone}” is no time zone.", fix="Write an IANA name such as Europe/Berlin.",
            place=Place(config.directory / "company.yaml", key="time_zone"),
        ) from error  # fmt: skip
    dates = getattr(extract.source, "dates", "iso")
    if "%" in dates:
        try:
            database.execute(f"SELECT try_strptime('', {literal(dates)})").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"“{dates}” is no date format.", fix="Write iso, day_first, month_first, or a format such as %d.%m.%Y.",
                place=_place(config, f"{name}.source.dates"),
            ) from error  # fmt: skip
    empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[c.type]}) AS {quoted(n)}" for n, c in extract.columns.items())
    for text, condition, place in _written(config, name):
        try:
            database.execute(f"SELECT 1 FROM (SELECT {empty}) WHERE {condition}").fetchall()
        except duckdb.Error as error:
            raise ConfigError(
                f"“{text}” does not work: {first_line(error)}.", fix="Write a condition on a row.", place=place
            ) from error


def _written(config: Config, name: str) -> list[tuple[str, str, Place]]:
    """Each condition on typed rows that a company wrote: its text, its SQL, its place."""
    found = [
        (rule.where, condition, _place(config, f"{name}.exclude.{at}.where"))
        for at, (rule, condition) in enumerate(
            zip(config.extracts[name].exclude, exclusions(config, name), strict=True)
        )
    ]
    for check in suite_of(config, name):
        if check.of_rows:
            trees = [(text, parsed(config, check, text)) for text in (check.where, check.condition)]
            place = Place(config.directory / "checks.yaml", key=check.id)
            found += [(text, tree.sql(DIALECT), place) for text, tree in trees if tree is not None]
    return found


def exclusions(config: Config, name: str) -> list[str]:
    """The extract's exclusion conditions as SQL. Raises ConfigError for one that cannot be read."""
    extract = config.extracts[name]
    trees = [
        parse_expression(rule.where, extract.columns, _place(config, f"{name}.exclude.{at}.where"))
        for at, rule in enumerate(extract.exclude)
    ]
    return [f"({tree.sql(DIALECT)})" for tree in trees]


def refuse_broken_exclusion(work: Work) -> None:
    """Raise ConfigError for the first exclusion that fails on a row of the table `typed`."""
    import duckdb

    name = work.landing.extract
    for at, condition in enumerate(exclusions(work.config, name)):
        try:
            work.database.execute(f"SELECT count(*) FILTER (WHERE {condition}) FROM typed WHERE _why IS NULL")
        except duckdb.Error as error:
            raise ConfigError(
                f"An exclusion of {name} fails on a row of {work.landing.month}: {_said(error)}.",
                fix="Use TRY_CAST, or nullif for what may be 0.",
                place=_place(work.config, f"{name}.exclude.{at}.where"),
            ) from error


def crashing(work: Work) -> dict[str, str]:
    """Checks whose condition fails on a row of the table `typed`, with why."""
    import duckdb

    found: dict[str, str] = {}
    for question in work.questions:
        check = question.check
        for text in (check.where, check.condition):
            tree = parsed(work.config, check, text)
            if tree is None or check.id in found or question.crashed:
                continue
            where = (
                f"CASE WHEN {question.where} THEN ({tree.sql(DIALECT)}) END" if question.where else tree.sql(DIALECT)
            )
            try:
                work.database.execute(f"SELECT count(*) FILTER (WHERE ({where})) FROM typed WHERE _rule IS NULL")
            except duckdb.Error as error:
                found[check.id] = f"“{text}” fails on a row: {_said(error)}."
    return found


def _said(error: Exception) -> str:
    """What the database says, without the name of its kind of error."""
    return re.sub(r"^(?:[A-Z]\w* )+Error: ", "", first_line(error))


def _place(config: Config, key: str) -> Place:
    return Place(config.directory / "extracts.yaml", key=key)
