"""The organisation an edition was made with, and that of the day it goes out: what releasing and sending ask hr for.

Does not belong here: what follows from them (`transforms.readers`, `transforms.scope`).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from config.errors import OutsideError, RefusedError, SourceError
from config.models import Config
from config.months import Month
from flows.checks import CheckSession
from flows.sources import existing_landing, landing_file, read_landing
from flows.stages.checking import rates_of
from flows.stages.contents import kept_config
from flows.stages.land import land_and_check
from flows.stages.organisation import organisation_of
from flows.stages.run import MonthRun
from flows.state.editions import Edition
from flows.state.paths import StateRoot
from transforms.organisation import Organisation
from transforms.readers import Standing
from transforms.stages import Checked, Landing


def organisation_of_edition(state: StateRoot, edition: Edition) -> Organisation:
    """The organisation an edition's reports were made with, from its own landing and configuration.

    Raises RefusedError where either is no longer kept: then nobody can say who may read what.
    """
    config = _config_of(state, edition)
    hr_name, _ = config.hr()
    shas = [
        line.get("now", line["sha256"])  # what took its place when a person was erased
        for line in edition.manifest["inputs"]
        if (line["month"], line["extract"]) == (str(edition.month), hr_name)
    ]
    path = landing_file(state.landings, edition.month, hr_name, shas[0]).with_suffix(".json") if shas else None
    if path is None or not path.is_file():
        raise RefusedError(
            f"The hr extract that edition {edition.number} of {edition.month} was made with is no longer kept.",
            fix=f"Make a new edition: yardstick run {edition.month}",
        )
    return organisation_of(config, edition.month, _typed(config, state, read_landing(path)))


def _config_of(state: StateRoot, edition: Edition) -> Config:
    config = kept_config(state, str(edition.manifest["config_sha256"]))
    if config is None:
        raise RefusedError(
            f"The configuration that edition {edition.number} of {edition.month} was made with is no longer kept.",
            fix=f"Make a new edition: yardstick run {edition.month}",
        )
    return config


def _typed(config: Config, state: StateRoot, landing: Landing) -> Checked:
    with CheckSession(config, state.checked, rates_of(config)) as session:
        return session.check(landing)


# -- today -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Today:
    """The organisation as hr has it now. `as_of` is the day it is known for: today, or the end of hr's last month."""

    organisation: Organisation
    as_of: date
    note: str = ""
    """Why it is not today's, where it is not."""


def organisation_today(run: MonthRun, now: datetime) -> Today:
    """Pull hr once more and make the organisation of today's month of it; where hr has nothing of it yet, of the last.

    `run` is of the month that is to be sent. Raises RefusedError where hr cannot be used at all.
    """
    config = run.config
    hr_name, _ = config.hr()
    today = config.company.day_of(now)
    month, fault = Month.of(today), ""
    try:
        return Today(_pulled(run, month, now), today)
    except (SourceError, OutsideError, RefusedError) as error:
        fault = str(error)
    landing = None
    while landing is None and month > run.month:
        month = month.shift(-1)
        landing = existing_landing(run.state.landings, hr_name, month)
    if landing is None:
        raise RefusedError(f"hr says nothing of today: {fault}", fix="Deliver hr: leavers must not receive reports.")
    organisation = organisation_of(config, month, _typed(config, run.state, landing))
    return Today(organisation, month.last_day, f"hr of {month} was asked who may read: {fault}")


def _pulled(run: MonthRun, month: Month, now: datetime) -> Organisation:
    hr_name, _ = run.config.hr()
    company = run.config.company.model_copy(update={"history_months": 0})
    today = replace(run, month=month, pulled_at=now)
    object.__setattr__(today, "config", run.config.model_copy(update={"company": company}))
    inputs = land_and_check(today, hr_name)
    if inputs.failure or not inputs.checked:
        raise RefusedError(inputs.failure or f"hr has nothing of {month}.")
    organisation = organisation_of(run.config, month, inputs.checked[-1])
    if not organisation.usable:
        raise RefusedError(f"No organisation can be made of the hr extract of {month}.")
    return organisation


class Standings:
    """What is known of those whom editions go to: hr is asked at the first question, and again on another day."""

    def __init__(self, run: MonthRun) -> None:
        """`run` is of the month that is to be sent, or of the newest. Nothing is asked yet."""
        self._run = run
        self._asked: tuple[date, Today] | None = None
        self._then: dict[tuple[Month, int], Organisation] = {}
        self._known: dict[tuple[Month, int], Standing] = {}

    def today(self, now: datetime) -> Today:
        """The organisation of the day. Raises RefusedError where hr cannot be used at all."""
        day = self._run.config.company.day_of(now)
        if self._asked is None or self._asked[0] != day:
            self._asked = day, organisation_today(self._run, now)
            self._known.clear()
        return self._asked[1]

    def of(self, edition: Edition, now: datetime) -> Standing:
        """What is known today of an edition's readers.

        Raises RefusedError where the hr extract or the configuration it was made with is no longer kept.
        """
        today, place = self.today(now), (edition.month, edition.number)
        if place not in self._then:
            self._then[place] = organisation_of_edition(self._run.state, edition)
        if place not in self._known:
            delivery = self._run.config.delivery
            self._known[place] = Standing(delivery, self._then[place], today.organisation, today.as_of)
        return self._known[place]
