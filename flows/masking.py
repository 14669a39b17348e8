"""Pseudonyms in the rows of an extract: the same at pulling as at erasing, so that the same content is the same file.

A row of a person who was erased keeps its figures, days and keys; its id becomes the pseudonym, its free texts go. In
the rows of others whatever names the person is replaced. Does not belong here: who was erased (`flows.erased`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from config.models import ColumnType, Config, Extract, ExtractKind
from config.months import Month
from flows.erased import HR, Erased
from transforms.columns import FILE, LINE
from transforms.pseudonyms import pseudonym_address
from transforms.stages import Finding

_HR_PERSONS = ("associate", "manager", "second_manager", "interim_manager")
_HR_KEPT = frozenset(
    {*_HR_PERSONS, "role", "fte", "team", "team_name", "contract", "hire_date", "leave_date", "valid_from", "valid_to",
     "snapshot_date"}
)  # fmt: skip
_FIGURES = frozenset(
    {ColumnType.MONEY, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.PERCENT, ColumnType.DATE,
     ColumnType.TIMESTAMP, ColumnType.BOOLEAN}
)  # fmt: skip
_BLANK = " \t\r\n\v\f\u00a0\u2007\u2009\u200b\u202f\u3000\ufeff"


@dataclass(frozen=True)
class RowMask:
    """What is replaced in the rows of one extract's month. `extract` is as it is declared now."""

    erased: Erased
    config: Config
    name: str
    month: Month

    @property
    def extract(self) -> Extract:
        """The declaration."""
        return self.config.extracts[self.name]

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches with pseudonyms; one that names nobody comes back as it is."""
        for batch in batches:
            yield self.batch(batch)

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One batch of landed texts."""
        headings = {index: self._declared(heading) for index, heading in enumerate(batch.schema.names)}
        before = batch.columns
        columns = list(before)
        whose = next((index for index, name in headings.items() if name and name == self._associate), None)
        theirs = self._names(columns[whose]) if whose is not None else None
        for index, declared in headings.items():
            heading = batch.schema.names[index]
            if heading == LINE:
                continue
            column = columns[index]
            if declared in self._persons:
                column = _mapped(column, lambda text: self._name(text) or self.erased.phrases.masked(text))
            elif heading == FILE or not self._is_figure(declared):
                if theirs is not None and heading != FILE and declared not in self._kept:
                    column = self._emptied(column, theirs, declared)
                column = _mapped(column, self.erased.phrases.masked)
            columns[index] = column
        if all(new is old for new, old in zip(columns, before, strict=True)):
            return batch
        return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def findings(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings that quote nobody who was erased."""
        masked = self.erased.phrases.masked
        return tuple(
            replace(
                one, message=masked(one.message), file=masked(one.file),
                value=self._name(one.value) or masked(one.value),
            )
            for one in findings
        )  # fmt: skip

    # -- which cells ----------------------------------------------------------------------------------------------

    @property
    def _is_hr(self) -> bool:
        return self.extract.kind is ExtractKind.HR

    @property
    def _associate(self) -> str | None:
        return "associate" if self._is_hr else self.extract.associate

    @cached_property
    def _persons(self) -> frozenset[str]:
        """Declared columns that hold ids of people."""
        return frozenset(_HR_PERSONS) if self._is_hr else frozenset({self._associate} - {None})  # type: ignore[arg-type]

    @property
    def _source(self) -> str:
        return HR if self._is_hr else self.extract.identities or HR

    def _name(self, text: str) -> str | None:
        return self.erased.name_of(self._source, text.strip(_BLANK), self.month) if text else None

    def _names(self, column: pa.Array) -> pa.Array:
        """By row what stands for whom it is of; null where that is nobody erased."""
        return _mapped(column, lambda text: self._name(text) or (text if self._is_masked(text) else None))

    def _is_masked(self, text: str) -> bool:
        return any(person.name == text for person in self.erased.persons)

    def _declared(self, heading: str) -> str | None:
        """The declared column that is read from a heading."""
        return self._by_heading.get(heading) or self._by_heading.get(_plain(heading))

    @cached_property
    def _by_heading(self) -> dict[str, str]:
        columns = self.extract.columns.items()
        return {_plain(column.source or name): name for name, column in columns} | {
            column.source or name: name for name, column in columns
        }

    def _is_figure(self, declared: str | None) -> bool:
        return declared is not None and self.extract.columns[declared].type in _FIGURES

    @cached_property
    def _kept(self) -> frozenset[str]:
        """Declared columns that the figures need: the others of an erased person's rows are emptied."""
        if self._is_hr:
            return _HR_KEPT
        extract = self.extract
        named = {*extract.key, extract.date, extract.associate, extract.team, extract.segment, extract.currency,
                 extract.main_measure, extract.last_modified}  # fmt: skip
        texts = [*(part.where for part in extract.exclude), *(rule.where for rule in extract.correct)]
        texts += [sql for rule in extract.correct for sql in rule.put.values()]
        if extract.credit:
            named |= {extract.credit.deal, extract.credit.share}
        for metric in self.config.metrics.values():
            if metric.extract == self.name:
                texts += [metric.value, metric.numerator, metric.denominator, metric.where, metric.date]  # type: ignore[list-item]
                texts += [metric.survey.respondent] if metric.survey else []
        for check in self.config.suite(self.name).checks:
            named |= set(check.column)
            texts += [check.condition, check.where]  # type: ignore[list-item]
        words = {word for text in texts if text for word in re.findall(r"\w+", text)}
        return frozenset(name for name in extract.columns if name in named or name in words or self._is_id(name))

    def _is_id(self, name: str) -> bool:
        return self.extract.columns[name].type is ColumnType.ID

    # -- what is put there ----------------------------------------------------------------------------------------

    def _emptied(self, column: pa.Array, theirs: pa.Array, declared: str | None) -> pa.Array:
        """A column whose texts go in the rows of people who were erased; what is required gets the pseudonym."""
        mine = pc.is_valid(theirs)
        if not pc.any(mine).as_py():
            return column
        if self._is_hr and declared == "email":
            put = _mapped(theirs, pseudonym_address) if self._is_needed("email") else pa.scalar("", pa.string())
        elif (declared and self._is_needed(declared)) or (self._is_hr and declared in ("name", "family_name")):
            put = theirs
        else:
            put = pa.scalar("", pa.string())
        return pc.if_else(mine, put, column.cast(pa.string()))

    def _is_needed(self, declared: str) -> bool:
        asked = any(check.not_null and declared in check.column for check in self.config.suite(self.name).checks)
        return asked or self.extract.columns[declared].required


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _mapped(column: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """A column with each different text changed once; the same column where none is."""
    coded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    before = coded.dictionary.to_pylist()
    after = [None if text is None else change(text) for text in before]
    if after == before:
        return column
    return pa.array(after, pa.string()).take(coded.indices)
