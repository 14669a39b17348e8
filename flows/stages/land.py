"""Land and check: an extract of the month, of earlier months that have matured since, and the missing history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from config.errors import OutsideError, RefusedError, SourceError
from config.models import ExtractKind, FilesSource
from config.months import Month, months_between
from flows.checks import CheckSession
from flows.sources import SourceSession, existing_landing, pulled_at
from flows.sources.contents import of_month
from flows.stages.checking import Checking, rates_of
from flows.stages.run import MonthRun
from transforms.stages import Checked, Landing

DAYS_A_MONTH = 28


@dataclass(frozen=True, slots=True)
class Inputs:
    """One extract's landed and checked months, oldest first, and what could not be had."""

    extract: str
    checked: tuple[Checked, ...]
    landings: tuple[Landing, ...]
    failure: str = ""
    """Why the month itself could not be had; empty where it could."""
    gaps: tuple[Month, ...] = ()
    """Earlier months that could not be had, after the first that could."""

    def up_to(self, month: Month) -> tuple[Checked, ...]:
        """The checked months not later than this one."""
        return tuple(checked for checked in self.checked if checked.month <= month)


def land_and_check(run: MonthRun, extract: str) -> Inputs:
    """Everything of one extract that the month needs.

    A month that cannot be had is a gap. Where the month itself cannot, the reason is kept for those who depend on
    it; only for hr, without which nothing can be attributed, is it raised.
    """
    with CheckSession(run.config, run.state.checked, rates_of(run.config), run.threads) as session:
        checking = Checking(run, session)
        landings, failure = _land(run, extract, checking)
        checked: list[Checked] = []
        for landing, result in zip(landings, checking.results(), strict=True):
            if isinstance(result, Checked):
                checked.append(result)
            elif landing.month == run.month:
                if run.config.extracts[extract].kind is ExtractKind.HR:
                    raise result
                failure = str(result)
    months = {item.month for item in checked}
    first = min(months, default=run.month)
    return Inputs(
        extract=extract,
        checked=tuple(checked),
        landings=tuple(landings),
        failure=failure,
        gaps=tuple(month for month in months_between(first, run.month) if month not in months),
    )


def _land(run: MonthRun, extract: str, checking: Checking) -> tuple[list[Landing], str]:
    if run.pinned is not None:
        return _land_pinned(run, extract, checking, run.pinned)
    landings: list[Landing] = []
    failure = ""
    is_hr = run.config.extracts[extract].kind is ExtractKind.HR
    fresh = _pulled_again(run, extract)
    with SourceSession(run.config, run.data_dir, run.state.landings, run.pulled_at) as session:
        for month in months_between(run.month.shift(-run.config.company.history_months), run.month):
            known = None if month in fresh else existing_landing(run.state.landings, extract, month)
            if known and pulled_on(run, known) < month.end:
                known = None  # of a month that was looked at before it was over
            try:
                landing = known or session.land(extract, month)
            except (OutsideError, RefusedError) as error:
                if month != run.month:
                    landing = existing_landing(run.state.landings, extract, month)
                elif is_hr:
                    raise
                else:
                    failure, landing = str(error), None
            if landing is not None:
                landings.append(landing)
                checking.add(landing)
            elif month == run.month and not failure:
                failure = f"{extract} has nothing for {month}. {_remedy(run, extract)}"
                if is_hr:
                    raise SourceError(
                        f"The hr extract “{extract}” has nothing for {month}: no file, or no row that had begun by its "
                        "last day. Without it nothing can be attributed.",
                        fix=_remedy(run, extract),
                    )
    return landings, failure


def _land_pinned(run: MonthRun, extract: str, checking: Checking, pinned: frozenset[str]) -> tuple[list[Landing], str]:
    """The landings that an edition was made from, and no others: nothing is pulled. Raises RefusedError without hr."""
    months = months_between(run.month.shift(-run.config.company.history_months), run.month)
    known = (existing_landing(run.state.landings, extract, month) for month in months)
    landings = [landing for landing in known if landing is not None and landing.sha256 in pinned]
    for landing in landings:
        checking.add(landing)
    if landings and landings[-1].month == run.month:
        return landings, ""
    if run.config.extracts[extract].kind is ExtractKind.HR:
        raise RefusedError(f"The edition lists no landing of hr ({extract}) for {run.month}.")
    return landings, f"{extract} had nothing for {run.month}."


def pulled_on(run: MonthRun, landing: Landing) -> date:
    """The day a landing was pulled last, where the company is."""
    return run.config.company.day_of(pulled_at(landing))


def _remedy(run: MonthRun, extract: str) -> str:
    source = run.config.extracts[extract].source
    if isinstance(source, FilesSource) and source.month_by is None:
        names = " or ".join(of_month(pattern, run.month) for pattern in source.files)
        return f"Put {names} into {run.data_dir}, or mend its files in extracts.yaml."
    if isinstance(source, FilesSource):
        return f"Deliver its rows in {' or '.join(source.files)}, or mend its source in extracts.yaml."
    return "Deliver its rows, or mend its source in extracts.yaml."


def _pulled_again(run: MonthRun, extract: str) -> set[Month]:
    """The month itself, and the earlier ones whose late rows may have come in since."""
    metrics = (metric for metric in run.config.metrics.values() if metric.extract == extract)
    late_days = max((metric.mature_after_days for metric in metrics), default=0)
    months = -(-late_days // DAYS_A_MONTH)
    return set(months_between(run.month.shift(-months), run.month))


def inputs_by_extract(inputs: Iterable[Inputs]) -> dict[str, Inputs]:
    """Inputs by the extract's name."""
    return {item.extract: item for item in inputs}
