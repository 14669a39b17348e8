"""The rows of a small extract asked a second time: by Great Expectations, as a pandas frame, one suite in one run.

DuckDB asks the rows of every extract, of any size, since what fails is set aside. Here the rows that passed and those
set aside are read back and each check is put to them anew; a difference is itself a finding. The frame's index is the
row's number, of which file and line are looked up: with `unexpected_index_column_names` the library looks each cell up
by itself, which made many failing rows many times slower. Not here: the checks in the library's words
(`row_questions`).
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from config.checks import Severity
from config.models import ColumnType, Config, Extract
from flows.checks.columns import OUTER_SPACE, declared_marks, match_columns
from flows.checks.library import Answer, ask, require_library
from flows.checks.row_questions import ROW, SET_ASIDE_BY, Questions, read_of, text_of
from flows.checks.text_numbers import MONEY, decimal_sql
from flows.checks.trial import exclusions
from flows.duck import connection, faults_outside, first_line, literal, quoted
from flows.files import write_text
from transforms.checks.suite import TEXTS, SuiteCheck, suite_of
from transforms.columns import FILE, LINE, typed_in_quarantine
from transforms.stages import Checked, Finding, Tally

if TYPE_CHECKING:
    import duckdb

SMALL_ROWS: Final = 50_000
VERSION: Final = "1"
"""Changed whenever the same rows would be asked differently: answers kept are then made anew."""
_LINES: Final = 100
_APPLIED: Final = "applied"


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What Great Expectations says of one check: how many rows were asked and failed; or why it could not be asked.

    `lines` are file and line of the rows that failed, a hundred at most.
    """

    asked: int
    failed: int
    lines: tuple[tuple[str, int], ...] = ()
    crashed: str = ""


def is_small(checked: Checked) -> bool:
    """Whether there are few enough rows to be asked a second time."""
    return checked.rows + sum(part.rows for part in checked.quarantined) <= SMALL_ROWS


def ask_rows(config: Config, extract_name: str, checked: Checked) -> dict[str, RowAnswer]:
    """The answers by check, of the checks on rows that DuckDB could ask; kept beside the checked rows.

    Left out is what the files cannot tell: whether a text was readable where rows were not set aside for it, or where
    a correction changed it; what amounts are where some have no rate. Raises OutsideError where Great Expectations is
    missing or broken, ConfigError for a condition that cannot be read.
    """
    suite = suite_of(config, extract_name)
    made_of = _hash(config.extracts[extract_name], suite, checked)
    path = checked.path.with_name(f"{checked.path.stem}-asked.json")
    answers = _kept(path, made_of)
    if answers is None:
        answers = _Rows(config, config.extracts[extract_name], suite, checked).answers()
        if not any(answer.crashed for answer in answers.values()):  # what crashed is tried again
            content = {"made_of": made_of, "answers": {check: asdict(answer) for check, answer in answers.items()}}
            write_text(path, json.dumps(content, ensure_ascii=False) + "\n")
    return answers


def disagreements(
    config: Config, extract_name: str, checked: Checked, answers: Mapping[str, RowAnswer]
) -> tuple[Finding, ...]:
    """A critical finding for each check that Great Expectations counts otherwise than its tally, or could not ask."""
    names = {check.id: check for check in suite_of(config, extract_name)}
    return tuple(
        _disagreement(checked, names[tally.check], tally, answers[tally.check])
        for tally in checked.tallies
        if tally.check in answers
        and not tally.crashed
        and (answers[tally.check].asked, answers[tally.check].failed) != (tally.rows, tally.failed)
    )


def _disagreement(checked: Checked, check: SuiteCheck, tally: Tally, answer: RowAnswer) -> Finding:
    theirs = f"{answer.failed:,} of {answer.asked:,}"
    said = f"could not ask it: {answer.crashed}" if answer.crashed else f"says {theirs}"
    file, line = answer.lines[0] if answer.lines else ("", 0)
    message = (
        f"{checked.extract} {checked.month}: of the check {check.name} DuckDB says that {tally.failed:,} of "
        f"{tally.rows:,} rows fail, and Great Expectations {said}. Neither count can be trusted: tell whoever "
        "maintains yardstick, with the rows concerned."
    )
    return Finding(
        "check.engines_disagree", Severity.CRITICAL, message, extract=checked.extract, file=file, line=line,
        column=", ".join(check.columns), rows=abs(tally.failed - answer.failed),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one landing that are asked: those that passed, then those set aside, in a view `asked`."""

    config: Config
    extract: Extract
    suite: tuple[SuiteCheck, ...]
    checked: Checked

    def answers(self) -> dict[str, RowAnswer]:
        """Put the checks to the rows."""
        import duckdb

        name = f"{self.checked.extract} of {self.checked.month}"
        with (
            tempfile.TemporaryDirectory(prefix="yardstick-") as scratch,
            connection(Path(scratch)) as database,
            faults_outside(name),
        ):
            self._make_view(database)
            questions = Questions(self.config, self.extract, self.checked.month, self.suite)
            for check in self._asked(database, questions):
                questions.add(check)
            if not questions.asked:
                return {}
            try:
                frame = self._frame(database, questions.columns)
            except duckdb.Error as error:
                return {check: RowAnswer(0, 0, crashed=first_line(error)) for check in questions.asked}
            found = ask(self.checked.extract, frame, questions.asked)
            places = _places(database) if any(answer.failed for answer in found.values()) else {}
        return {check: _row_answer(answer, places) for check, answer in found.items()}

    def _make_view(self, database: "duckdb.DuckDBPyConnection") -> None:
        """Typed columns, `text:<column>` of those that are no texts (of rows that passed the value), file and line.

        A row that an exclusion meets is only among those set aside for the key it shares, and is asked nothing else.
        """
        names = list(self.extract.columns)
        columns = ", ".join(map(quoted, names))
        passed = (
            f"SELECT file_row_number AS {ROW}, CAST(NULL AS VARCHAR) AS {SET_ASIDE_BY}, {columns}, {quoted(FILE)}, "
            f"{quoted(LINE)}, {', '.join(f'{sql} AS {alias}' for sql, alias in self._texts('')) or 'NULL AS nothing'} "
            f"FROM read_parquet({literal(str(self.checked.path))}, file_row_number = true)"
        )
        if not self.checked.quarantined:
            database.execute(f"CREATE VIEW asked AS {passed}")
            return
        _fill_texts(database, self._landed_texts(database))
        typed = ", ".join(f"aside.{quoted(typed_in_quarantine(name))} AS {quoted(name)}" for name in names)
        texts = ", ".join(f"{sql} AS {alias}" for sql, alias in self._texts("texts")) or "NULL AS nothing"
        aside = (
            f'SELECT {self.checked.rows} + aside.file_row_number AS {ROW}, aside."check" AS {SET_ASIDE_BY}, {typed}, '
            f"aside.file AS {quoted(FILE)}, aside.line AS {quoted(LINE)}, {texts} "
            f"FROM {self._quarantine} AS aside JOIN texts ON texts.at = aside.file_row_number"
        )
        database.execute(f"CREATE TABLE aside AS {aside}")
        database.execute(f"CREATE VIEW asked AS {passed} UNION ALL SELECT * FROM aside WHERE NOT ({self._excluded()})")

    @property
    def _quarantine(self) -> str:
        return f"read_parquet({literal(str(self.checked.quarantine_path))}, file_row_number = true)"

    def _texts(self, table: str) -> list[tuple[str, str]]:
        """SQL of the texts, and of whether amounts were read, of rows set aside or, without a table, that passed."""
        others = [name for name, column in self.extract.columns.items() if column.type not in TEXTS]
        amounts = sorted(self._amounts()) if self.extract.currency else []
        if not table:
            texts = [(f"CAST({quoted(name)} AS VARCHAR)", text_of(name)) for name in others]
            return texts + [(f"{quoted(name)} IS NOT NULL", read_of(name)) for name in amounts]
        code = f"upper(aside.{quoted(typed_in_quarantine(str(self.extract.currency)))})"
        marks, _ = declared_marks(self.extract)
        read = {name: decimal_sql(f"{table}.{text_of(name)}", marks, MONEY, code) for name in amounts}
        texts = [(f"{table}.{text_of(name)}", text_of(name)) for name in others]
        return texts + [(f"{sql} IS NOT NULL", read_of(name)) for name, sql in read.items()]

    def _landed_texts(self, database: "duckdb.DuckDBPyConnection") -> dict[str, list[Any]]:
        """The texts of rows set aside, by column, as they were landed; empty ones are None."""
        found = database.execute(f'SELECT file_row_number, "row" FROM {self._quarantine} ORDER BY 1').fetchall()
        landed = [json.loads(content) for _, content in found]
        headings = list(landed[0])
        others = [c for c in match_columns(self.extract, headings, headings) if c.column.type not in TEXTS]
        return {
            "at": [at for at, _ in found],
            **{
                f"text:{column.name}": [_text(one.get(column.landed)) if column.landed else None for one in landed]
                for column in others
            },
        }

    def _excluded(self) -> str:
        """SQL: an exclusion meets a row set aside for its key, which alone is found before exclusions are."""
        conditions = " OR ".join(exclusions(self.config, self.checked.extract))
        of_key = ", ".join(literal(check.id) for check in self.suite if self._is_of_key(check))
        return f"{SET_ASIDE_BY} IN ({of_key}) AND coalesce({conditions}, false)" if conditions and of_key else "false"

    def _is_of_key(self, check: SuiteCheck) -> bool:
        return check.kind == "unique" and set(check.columns) == set(self.extract.key)

    def _asked(self, database: "duckdb.DuckDBPyConnection", questions: Questions) -> Iterator[SuiteCheck]:
        """The checks that the rows can be asked, of those that DuckDB could ask."""
        tallied = {tally.check for tally in self.checked.tallies if not tally.crashed}
        untold = self._untold()
        aside = bool(self.checked.quarantined)
        lost = aside and _any(database, f"SELECT 1 FROM aside WHERE {self._excluded()}")
        unsure = _any(database, f"SELECT 1 FROM asked WHERE {questions.unsure()}")
        for check in self.suite:
            if not check.of_rows or check.id not in tallied:
                continue
            if check.kind in ("of_type", "not_null") and check.columns[0] in untold:
                continue
            if self._is_of_key(check) and (lost or check.where):
                continue
            of_amounts = check.kind == "currency" or (
                check.kind == "of_type" and self.extract.columns[check.columns[0]].type is ColumnType.MONEY
            )
            if of_amounts and (unsure or untold & self._amounts()):
                continue
            yield check

    def _amounts(self) -> set[str]:
        return {name for name, column in self.extract.columns.items() if column.type is ColumnType.MONEY}

    def _untold(self) -> set[str]:
        """Columns of which the files do not tell whether they had a text: unread ones that passed, corrected ones."""
        others = {name for name, column in self.extract.columns.items() if column.type not in TEXTS}
        told = {
            check.columns[0] for check in self.suite if check.kind == "of_type" and check.set_aside and not check.where
        }
        applied = {one.place for one in self.checked.corrected if one.state == _APPLIED}
        lines = {line.column for line in self.config.corrections if f"corrections.csv:{line.line}" in applied}
        rules = {
            column
            for at, rule in enumerate(self.extract.correct)
            for column in rule.put
            if f"extracts.yaml {self.checked.extract}.correct[{at}]" in applied
        }
        return (others - told) | ((lines | rules) & others)

    def _frame(self, database: "duckdb.DuckDBPyConnection", columns: Mapping[str, str]) -> pd.DataFrame:
        selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
        found = database.sql(f"SELECT {ROW}, {selected} FROM asked ORDER BY {ROW}").to_arrow_table()
        frame: pd.DataFrame = found.to_pandas()
        return frame.set_index(ROW).rename_axis(None)


def _any(database: "duckdb.DuckDBPyConnection", query: str) -> bool:
    return bool(database.execute(f"{query} LIMIT 1").fetchall())


def _text(value: object) -> str | None:
    """A landed value as a text without outer space, as it was typed."""
    return (str(value).strip(OUTER_SPACE) or None) if value is not None else None


def _fill_texts(database: "duckdb.DuckDBPyConnection", texts: Mapping[str, list[Any]]) -> None:
    import pyarrow as pa

    types = {name: pa.int64() if name == "at" else pa.string() for name in texts}
    database.register("handed", pa.table({name: pa.array(values, types[name]) for name, values in texts.items()}))
    database.execute("CREATE TABLE texts AS SELECT * FROM handed")
    database.unregister("handed")


def _places(database: "duckdb.DuckDBPyConnection") -> dict[int, tuple[str, int]]:
    """File and line by row."""
    found = database.execute(f"SELECT {ROW}, {quoted(FILE)}, {quoted(LINE)} FROM asked").fetchall()
    return {int(row): (str(file), int(line)) for row, file, line in found}


def _row_answer(answer: Answer, places: Mapping[int, tuple[str, int]]) -> RowAnswer:
    if answer.crashed:
        return RowAnswer(0, 0, crashed=answer.crashed)
    lines = sorted(places[row] for row in answer.failed)
    return RowAnswer(answer.asked, len(answer.failed), tuple(lines[:_LINES]))


# -- kept answers ------------------------------------------------------------------------------------------------


def _hash(extract: Extract, suite: tuple[SuiteCheck, ...], checked: Checked) -> str:
    """Of everything the answers depend on."""
    files = [path.stat() for path in (checked.path, checked.quarantine_path)]
    content = [
        VERSION, require_library(), str(checked.month), extract.model_dump_json(by_alias=True), repr(suite),
        [tally.check for tally in checked.tallies if not tally.crashed],
        [[one.place, one.state] for one in checked.corrected],
        [[one.st_size, one.st_mtime_ns] for one in files],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _kept(path: Path, made_of: str) -> dict[str, RowAnswer] | None:
    """The answers as they were kept; None where there are none, or they are of other rows or damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["made_of"] != made_of:
            return None
        return {
            check: RowAnswer(
                int(one["asked"]), int(one["failed"]), tuple((str(file), int(line)) for file, line in one["lines"]),
                str(one["crashed"]),
            )
            for check, one in content["answers"].items()
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
