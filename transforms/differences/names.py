"""How units, metrics and values are written where two editions are compared, and in which order they come.

Does not belong here: which of them differ.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd

from config.models import Metric
from transforms.differences.model import EditionContents
from transforms.formats import MISSING, Formats

Line = TypeVar("Line", bound=tuple[object, ...])
Write = Callable[[float, int], str]
"""A value with so many decimals more than usual."""

KINDS = ("organisation", "manager", "team", "associate")
SAME = 1e-12
"""Relative. A cent in a thousand million is a difference; the last bit of a quotient is none."""
_MORE_DECIMALS = 4


def differ(before: pd.Series, after: pd.Series) -> np.ndarray:
    """Whether numbers differ by more than rounding; a missing one differs from every number."""
    close = np.isclose(before.to_numpy("float64"), after.to_numpy("float64"), rtol=SAME, atol=0.0, equal_nan=True)
    return np.asarray(~close)


def both_written(before: float, after: float, write_before: Write, write_after: Write) -> tuple[str, str]:
    """Two numbers; where they differ, with as many decimals as it takes to see that."""
    usual = write_before(before, 0), write_after(after, 0)
    if math.isclose(before, after, rel_tol=SAME):
        return usual
    finer = ((write_before(before, more), write_after(after, more)) for more in range(_MORE_DECIMALS + 1))
    return next((texts for texts in finer if texts[0] != texts[1]), usual)


@dataclass(frozen=True)
class Names:
    """Names and formats of two editions; where both know one, the later edition's counts."""

    before: EditionContents
    after: EditionContents
    _titles: dict[tuple[str, str], str] = field(init=False, repr=False)
    _order: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        titles: dict[tuple[str, str], str] = {}
        for edition in (self.before, self.after):
            for model in edition.models.values():
                for table in model.people:
                    titles |= {(row.unit_kind, row.unit_id): row.label for row in (*table.rows, *table.new_rows)}
            titles |= {(report.kind, report.unit_id): report.title for report in edition.reports}
        object.__setattr__(self, "_titles", titles)
        metrics = [name for edition in (self.after, self.before) if edition.config for name in edition.config.metrics]
        object.__setattr__(self, "_order", {name: at for at, name in enumerate(dict.fromkeys(metrics))})

    def unit(self, kind: str, unit_id: str) -> str:
        """The unit's name, or its id."""
        return self._titles.get((kind, unit_id), unit_id)

    def label(self, metric: str) -> str:
        """The metric's label, or its name in the configuration."""
        found = _metric(self.after, metric) or _metric(self.before, metric)
        return found.label if found else metric

    def written_before(self, metric: str) -> Write:
        """How the earlier edition writes a value of a metric."""
        return _writer(self.before, metric) or _writer(self.after, metric) or _plain

    def written_after(self, metric: str) -> Write:
        """How the later edition writes a value of a metric."""
        return _writer(self.after, metric) or _writer(self.before, metric) or _plain

    def ordered(self, lines: Sequence[Line]) -> list[Line]:
        """Lines that begin with unit kind, unit id and metric: the organisation first, associates last."""
        return sorted(lines, key=self._place)

    def _place(self, line: Line) -> tuple[int, str, int, str, tuple[str, ...]]:
        kind, unit, metric, *rest = (str(one) for one in line)
        at = KINDS.index(kind) if kind in KINDS else len(KINDS)
        return at, unit, self._order.get(metric, len(self._order)), metric, tuple(rest)


def _metric(edition: EditionContents, name: str) -> Metric | None:
    return edition.config.metrics.get(name) if edition.config else None


def _writer(edition: EditionContents, name: str) -> Write | None:
    metric = _metric(edition, name)
    if metric is None or edition.config is None:
        return None
    formats = Formats(edition.config.company.locale, edition.config.company.currency)
    return lambda value, more: (
        formats.with_unit(value, metric.model_copy(update={"decimals": metric.decimals + more}))
        if math.isfinite(value)
        else MISSING
    )


def _plain(value: float, more: int) -> str:
    return f"{value:,.{6 + 2 * more}g}" if math.isfinite(value) else MISSING
