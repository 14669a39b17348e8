"""Why a report says something else: what concerns it is told by name, what does not is left out, nobody is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from config.checks import Correction
from config.models import Config, Decision, UnitKind
from config.months import Month
from tests.flows.rendering.sample_models import manager_of_eight, team
from tests.transforms.compositions import config_of
from transforms.differences.reasons import DECIDED, Inputs, Origin, reasons
from transforms.report_model import ReportModel

OCTOBER = Month(2026, 10)
METRICS: dict[str, Any] = {
    "revenue": {"label": "Revenue", "value": "sum(amount)", "unit": "money"},
    "orders": {"label": "Orders", "value": "count(*)", "unit": "count"},
}
CONFIG = config_of(METRICS, rules=[], locale="en_GB")
EXTRACT = CONFIG.metrics["revenue"].extract
HR = CONFIG.hr()[0]
REPORT = manager_of_eight()
DECISION = Decision(
    decided_on=date(2026, 11, 14), kind="rebase", unit_kind=UnitKind.ASSOCIATE, unit_id="U3", metric="revenue",
    month=OCTOBER, decided_by="Sales director", reason="The district was split.",
)  # fmt: skip
CORRECTION = Correction(
    extract=EXTRACT, key="17", column="amount", old="1", new="2", reason="Typed twice", owner="Sales"
)


def landed(**hashes: str) -> Inputs:
    return {(extract, OCTOBER): frozenset({sha}) for extract, sha in hashes.items()}


def origin(config: Config = CONFIG, **more: Any) -> Origin:
    told = {"inputs": {}, "code_version": "1", "config_sha256": str(id(config)), "config": config, "files": {}, **more}
    return Origin(**told)


def why(
    before: Origin,
    now: Origin,
    report: ReportModel = REPORT,
    may_say: Callable[[str], bool] = lambda _: True,
    reissue: str = "",
) -> tuple[str, ...]:
    return reasons(before, now, report, may_say, config=CONFIG, reissue=reissue)


def test_nothing_else_is_no_reason() -> None:
    assert why(origin(inputs=landed(**{EXTRACT: "a"})), origin(inputs=landed(**{EXTRACT: "a"}))) == ()


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({EXTRACT: "a"}, {EXTRACT: "b"}, (f"Late or corrected data: {EXTRACT} (October 2026).",)),
        ({}, {EXTRACT: "b"}, (f"Data that came in addition: {EXTRACT} (October 2026).",)),
        ({EXTRACT: "a"}, {}, (f"Data no longer used: {EXTRACT} (October 2026).",)),
        ({HR: "a"}, {HR: "b"}, (f"Late or corrected data: {HR} (October 2026).",)),
        ({"unrelated": "a"}, {"unrelated": "b"}, ()),
    ],
    ids=["changed", "new", "gone", "hr", "of-no-measure-here"],
)
def test_data_is_told_by_extract_and_month(before: dict[str, str], now: dict[str, str], told: tuple[str, ...]) -> None:
    assert why(origin(inputs=landed(**before)), origin(inputs=landed(**now))) == told


def test_many_months_are_told_by_their_number() -> None:
    months = [OCTOBER.shift(-n) for n in range(5)]
    before, now = ({(EXTRACT, month): frozenset({sha}) for month in months} for sha in "ab")
    assert why(origin(inputs=before), origin(inputs=now)) == (
        f"Late or corrected data: {EXTRACT} (5 months from June 2026 to October 2026).",
    )


def decided(*decisions: Decision) -> Config:
    return CONFIG.model_copy(update={"decisions": decisions})


def test_a_decision_is_told_with_its_name_date_and_reason() -> None:
    assert why(origin(), origin(decided(DECISION))) == (
        "Decision of 14 Nov 2026 by Sales director, re-based: revenue of Associate 3. “The district was split.”",
    )
    (line,) = why(origin(decided(DECISION)), origin())
    assert line.startswith("Taken back: decision of 14 Nov 2026 by Sales director, re-based: revenue of Associate 3.")


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_id": "U999"},
        {"unit_kind": UnitKind.TEAM},
        {"metric": "unknown"},
        {"month": OCTOBER.shift(2)},
    ],
    ids=["another-person", "another-kind", "another-measure", "later"],
)
def test_a_decision_on_somebody_or_something_else_is_not_told(changes: dict[str, Any]) -> None:
    assert why(origin(), origin(decided(DECISION.model_copy(update=changes)))) == ()


def test_a_team_is_told_of_its_own_decisions_alone() -> None:
    own = DECISION.model_copy(update={"unit_kind": UnitKind.TEAM, "unit_id": "T4"})
    report = team().model_copy(update={"people": REPORT.people})
    (line,) = why(origin(), origin(decided(DECISION, own)), report)
    assert line.startswith("Decision of 14 Nov 2026 by Sales director, re-based: revenue. ")


def test_what_names_somebody_whom_the_reader_may_not_see_is_told_without_it() -> None:
    now = origin(decided(DECISION))
    assert why(origin(), now, may_say=lambda text: "director" not in text) == (
        "Decision of 14 Nov 2026, re-based: revenue of Associate 3.",
    )
    assert why(now, now, may_say=lambda _: False, reissue="for Associate 9") == ("Made again for every reader.",)
    assert why(now, now, reissue="New paper") == ("Made again for every reader: “New paper”.",)


def test_every_kind_of_decision_has_its_word() -> None:
    assert set(DECIDED) == set(Decision.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]


def test_corrections_are_counted_by_extract_and_never_shown() -> None:
    other = CORRECTION.model_copy(update={"extract": "unrelated"})
    more = CORRECTION.model_copy(update={"key": "18"})
    one, two = (
        CONFIG.model_copy(update={"corrections": lines}) for lines in ((CORRECTION,), (CORRECTION, more, other))
    )
    assert why(origin(one), origin(two)) == (f"Corrections (corrections.csv): 1 value was corrected in {EXTRACT}.",)
    assert why(origin(two), origin()) == (
        f"Corrections (corrections.csv): 2 corrections were taken away in {EXTRACT}.",
    )


def test_a_definition_is_told_where_the_report_shows_the_measure() -> None:
    changed = {name: {**metric, "where": "amount > 0"} for name, metric in METRICS.items()}
    assert why(origin(), origin(config_of(changed, rules=[], locale="en_GB"))) == ("Changed definition: revenue.",)


def test_files_of_the_configuration_are_told_unless_they_speak_for_themselves() -> None:
    names = ("company.yaml", "delivery.yaml", "metrics.yaml", "expectations.yaml", "identities.csv")
    now = origin(CONFIG.model_copy(), files=dict.fromkeys(names, "b"))
    before = origin(files=dict.fromkeys(names, "a"))
    assert why(before, now) == ("Changed configuration: company.yaml and identities.csv.",)
    assert why(replace(before, files=None), now) == (
        "Changed configuration; in which of its files is no longer known.",
    )


def test_changed_rules_are_told_by_their_versions() -> None:
    assert why(origin(), origin(code_version="2")) == (
        "Changed rules: that edition was made by version 1 of yardstick, this one by 2.",
    )
