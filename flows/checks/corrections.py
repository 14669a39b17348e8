"""Corrections of what a source says, made on the landed texts before they are read as numbers and dates.

A line of corrections.csv changes one text of one row, and only as long as the source says what the line expects. A
rule of extracts.yaml changes every text that meets its condition. Both see the texts as landed; a line goes before
a rule, and of several rules for one text the first counts. Not here: what a company may write (`config`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from config.checks import Correction
from config.errors import ConfigError, Place
from config.models import CorrectionRule, ExtractKind
from flows.checks.columns import OUTER_SPACE, RowSql, trimmed
from flows.checks.set_aside import shown
from flows.duck import first_line, literal, quoted
from flows.expressions import DIALECT, parse_expression
from transforms.checks.texts import ANSWER
from transforms.stages import Corrected

if TYPE_CHECKING:
    import duckdb

APPLIED, MENDED, DIFFERS, ABSENT = "applied", "mended", "differs", "absent"
TABLE: Final = "fixes"
_JOINED: Final = "|"


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule as SQL over texts: `put` is the right text by column."""

    at: int
    rule: CorrectionRule
    where: str
    put: dict[str, str]

    @property
    def met(self) -> str:
        """The identifier of whether a row meets its condition."""
        return quoted(f"met:{self.at}")

    @property
    def used(self) -> str:
        """The identifier of whether a text of the row was changed by it."""
        return quoted(f"used:{self.at}")

    def new(self, name: str) -> str:
        """The identifier of the text it would put into a column."""
        return quoted(f"put:{self.at}:{name}")


@dataclass(frozen=True, slots=True)
class Corrections:
    """What is corrected in one landing: `rules` of the month, and `fixed`, the columns of which lines correct rows.

    `of_lines` is what became of the lines.
    """

    sql: RowSql
    rules: tuple[_Rule, ...] = ()
    fixed: tuple[str, ...] = ()
    of_lines: tuple[Corrected, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """Identifiers of what must be kept of a row to tell which rules were used."""
        return tuple(flag for rule in self.rules for flag in (rule.met, rule.used))

    def applied_to(self, texts: str) -> str:
        """SQL of the rows of `texts` (SQL with `_row` and the landed texts) with the corrected texts instead."""
        puts = [(rule, name, put) for rule in self.rules for name, put in rule.put.items()]
        if self.rules:
            met = ", ".join(f"coalesce({rule.where}, false) AS {rule.met}" for rule in self.rules)
            texts = f"SELECT *, {met} FROM ({texts})"
        if puts:
            # What is put is asked of no other rows: it may not be possible there.
            raw = ", ".join(f"CASE WHEN {r.met} THEN CAST({put} AS VARCHAR) END AS {r.new(n)}" for r, n, put in puts)
            tidy = ", ".join(f"{trimmed(r.new(n))} AS {r.new(n)}" for r, n, _ in puts)
            texts = f"SELECT * REPLACE ({tidy}) FROM (SELECT *, {raw} FROM ({texts}))"
        if self.fixed:
            # A table of few rows is asked of each row in turn: that keeps the rows in their order.
            texts = f"SELECT said.*, fixes.* FROM ({texts}) AS said LEFT JOIN fixes ON said._row = fixes._fixed"
        changes = {name: change for name in self.sql.extract.columns if (change := self._change(name))}
        replaced = ", ".join(f"{change} AS {self.sql.text(name)}" for name, change in changes.items())
        used = "".join(f", {self._used(rule)} AS {rule.used}" for rule in self.rules)
        return f"SELECT *{f' REPLACE ({replaced})' if replaced else ''}{used} FROM ({texts})"

    def _change(self, name: str) -> str:
        cases = [f"WHEN {_fix(name)} IS NOT NULL THEN nullif({_fix(name)}, '')"] if name in self.fixed else []
        cases += [f"WHEN {self._differs(rule, name)} THEN {rule.new(name)}" for rule in self.rules if name in rule.put]
        return f"CASE {' '.join(cases)} ELSE {self.sql.text(name)} END" if cases else ""

    def _differs(self, rule: _Rule, name: str) -> str:
        return f"({rule.met} AND {rule.new(name)} IS DISTINCT FROM {self.sql.text(name)})"

    def _used(self, rule: _Rule) -> str:
        """SQL: some text is changed by this rule, and not by what goes before it."""
        parts = []
        for name in rule.put:
            before = [f"{_fix(name)} IS NOT NULL"] if name in self.fixed else []
            before += [self._differs(one, name) for one in self.rules if one.at < rule.at and name in one.put]
            parts.append(" AND NOT ".join([self._differs(rule, name), *before]))
        return " OR ".join(f"({part})" for part in parts) or "false"

    def told(self, database: "duckdb.DuckDBPyConnection") -> tuple[Corrected, ...]:
        """What became of every line and rule; asks the table `typed`."""
        if not self.rules:
            return self.of_lines
        counts = ", ".join(f"count(*) FILTER (WHERE {flag})" for flag in self.flags)
        (found,) = database.execute(f"SELECT {counts} FROM typed").fetchall()
        pairs = zip(self.rules, found[::2], found[1::2], strict=True)
        return (*self.of_lines, *(self._of_rule(rule, int(met), int(used)) for rule, met, used in pairs))

    def _of_rule(self, rule: _Rule, met: int, used: int) -> Corrected:
        extract, month = self.sql.name, self.sql.month
        place = f"extracts.yaml {extract}.correct[{rule.at}]"
        condition = f"“{rule.rule.where}”"
        if used:
            told = (
                f"{extract} {month}: {_rows(used)} corrected where {condition}, by {rule.rule.owner}: {rule.rule.why}"
            )
            return Corrected(place, used, APPLIED, told)
        if met:
            told = f"{extract} {month}: {_rows(met)} with {condition} already said what is right: the source is mended."
            return Corrected(place, 0, MENDED, told)
        told = f"{extract} {month} has no row with {condition}: once the source is mended, take the rule away."
        return Corrected(place, 0, ABSENT, told)

    def refuse_broken_rule(self, database: "duckdb.DuckDBPyConnection", texts: str) -> None:
        """Raise ConfigError for the first rule that fails on a row."""
        import duckdb

        for rule in self.rules:
            try:
                database.execute(f"SELECT count(COLUMNS(*)) FROM ({replace(self, rules=(rule,)).applied_to(texts)})")
            except duckdb.Error as error:
                raise ConfigError(
                    f"The correction “{rule.rule.where}” fails on a row of {self.sql.month}: {first_line(error)}.",
                    fix="Use TRY_CAST, or a condition that leaves such rows out.", place=_place(self.sql, rule.at),
                ) from error  # fmt: skip


def corrections_of(
    database: "duckdb.DuckDBPyConnection", sql: RowSql, lines: Sequence[Correction], texts: str
) -> Corrections:
    """The corrections of one landing; `texts` is SQL of its texts. Fills the table `fixes` where lines apply.

    Raises ConfigError for a rule that cannot be read.
    """
    rules = tuple(_rules(sql))
    if not lines:
        return Corrections(sql, rules)
    _find_lines(database, sql, lines, texts)
    fixed = [str(name) for (name,) in database.execute("SELECT DISTINCT name FROM found WHERE said = old").fetchall()]
    landed = tuple(name for name in sql.extract.columns if name in fixed)
    if landed:
        news = ", ".join(f"min(new) FILTER (WHERE name = {literal(name)}) AS {_fix(name)}" for name in landed)
        first = "SELECT _row, name, arg_min(new, line) AS new FROM found WHERE said = old GROUP BY ALL"
        database.execute(f"CREATE TEMP TABLE fixes AS SELECT _row AS _fixed, {news} FROM ({first}) GROUP BY ALL")
    told = tuple(_of_lines(database, sql, lines))
    database.execute("DROP TABLE lines; DROP TABLE found")
    return Corrections(sql, rules, landed, told)


def _rules(sql: RowSql) -> Iterator[_Rule]:
    landed = {column.name for column in sql.columns if column.landed is not None}
    for at, rule in enumerate(sql.extract.correct):
        if (rule.start is None or rule.start <= sql.month) and (rule.end is None or sql.month <= rule.end):
            where = _over_texts(sql, rule.where, at)
            put = {name: _over_texts(sql, text, at) for name, text in rule.put.items() if name in landed}
            yield _Rule(at, rule, where, put)


def _over_texts(sql: RowSql, text: str, at: int) -> str:
    """An expression over declared columns as SQL over their texts."""
    from sqlglot import exp

    tree = parse_expression(text, sql.extract.columns, _place(sql, at))
    for column in tree.find_all(exp.Column):
        column.set("this", exp.to_identifier(f"text:{column.name}", quoted=True))
    return f"({tree.sql(DIALECT)})"


def _place(sql: RowSql, at: int) -> Place:
    return Place(sql.config.directory / "extracts.yaml", key=f"{sql.name}.correct.{at}")


def _fix(name: str) -> str:
    return quoted(f"fix:{name}")


def _find_lines(database: "duckdb.DuckDBPyConnection", sql: RowSql, lines: Sequence[Correction], texts: str) -> None:
    """Fill the table `found`: each row that a line names, with what it says. Empty texts are empty here, not NULL."""
    import pyarrow as pa

    table = pa.table(
        {
            "line": pa.array(range(len(lines)), pa.int64()),
            "key": pa.array([line.key.strip(OUTER_SPACE) for line in lines], pa.string()),
            **{
                name: pa.array([str(getattr(line, of)).strip(OUTER_SPACE) for line in lines], pa.string())
                for name, of in (("name", "column"), ("old", "old"), ("new", "new"))
            },
        }
    )
    key = f" || '{_JOINED}' || ".join(f"coalesce({sql.text(name)}, '')" for name in sql.extract.key) or "NULL"
    named = sorted({line.column for line in lines} & set(sql.extract.columns))
    said = " ".join(f"WHEN {literal(name)} THEN coalesce({sql.text(name)}, '')" for name in named)
    said_sql = f"CASE lines.name {said} END" if named else "CAST(NULL AS VARCHAR)"
    database.register("handed", table)
    database.execute("CREATE TEMP TABLE lines AS SELECT * FROM handed")
    database.unregister("handed")
    database.execute(
        f"""
        CREATE TEMP TABLE found AS
        SELECT lines.*, said._row, {said_sql} AS said
        FROM (SELECT *, {key} AS _key FROM ({texts})) AS said JOIN lines ON said._key = lines.key
        """
    )


def _of_lines(database: "duckdb.DuckDBPyConnection", sql: RowSql, lines: Sequence[Correction]) -> Iterator[Corrected]:
    found = database.execute(
        """
        SELECT line, count(*) FILTER (WHERE said = old), min(said) FILTER (WHERE said <> old AND said <> new)
        FROM found GROUP BY line
        """
    ).fetchall()
    by_line = {int(line): rest for line, *rest in found}
    landed = {column.name: column.landed is not None for column in sql.columns}
    for at, line in enumerate(lines):
        applied, other = by_line.get(at, (0, None))
        place = f"corrections.csv:{line.line}"
        row = f"{sql.name} {sql.month}, {' '.join(sql.extract.key)} {shown(line.key)}"
        said = _hidden if sql.extract.kind is ExtractKind.PULSE else _said
        was, right = said(line.old), said(line.new)
        if at not in by_line:
            yield Corrected(place, 0, ABSENT, f"{row}: there is no such row.")
        elif not landed.get(line.column):
            yield Corrected(place, 0, ABSENT, f"{row}: the landing has no column for {line.column}.")
        elif applied:
            told = f"{row}: {line.column} was {was} and is corrected to {right}, by {line.owner}: {line.reason}"
            yield Corrected(place, int(applied), APPLIED, told)
        elif other is not None:
            expected = f"{line.column} is {said(str(other))}, not {was}: nothing is corrected."
            if said is _hidden:
                expected = f"{line.column} is not what the line expects: nothing is corrected."
            yield Corrected(place, 0, DIFFERS, f"{row}: {expected} Look whether the line still holds.")
        else:
            yield Corrected(place, 0, MENDED, f"{row}: {line.column} already is {right}. Take the line away.")


def _hidden(_: str) -> str:
    """Of a survey's answer no more than that it is one."""
    return ANSWER


def _said(text: str) -> str:
    return f"“{shown(text)}”" if text else "empty"


def _rows(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"
