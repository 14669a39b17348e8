"""The report's last section says how many findings there are and leads to them; what they say is the operator's."""

from dataclasses import replace

import pytest

from config.checks import Severity
from tests.transforms.checked_months import lines
from tests.transforms.compositions import compose_from
from tests.transforms.organisation_rows import person
from transforms.compose import Composition, compose_reports
from transforms.report_model import CheckedLine
from transforms.stages import Account, Finding
from transforms.wording import found_by_checks

PEOPLE = (person("A01"), *(person(one, manager="A01", team="N") for one in ("A02", "A03", "A04")))


@pytest.fixture(scope="module")
def composition() -> Composition:
    """A team whose metrics are all of sales, with nine rows set aside."""
    return replace(compose_from(*PEOPLE)[0], reconciliation=lines())


def said(composition: Composition) -> set[tuple[CheckedLine, ...]]:
    return {model.about.checked for model in compose_reports(composition)}


def line(text: str) -> tuple[CheckedLine, ...]:
    return (CheckedLine(extract="sales", anchor="extract-sales", text=text),)


def test_rows_set_aside_are_said_even_where_no_check_failed(composition: Composition) -> None:
    assert said(composition) == {line("no finding; 9 rows set aside")}


def test_findings_are_counted_and_never_quoted(composition: Composition) -> None:
    """Only those of extracts the report is made from, and none that is only to know."""
    found = (
        Finding("check.between", Severity.CRITICAL, "A99 sold for −5.", "sales", value="A99"),
        Finding("check.between", Severity.WARNING, "A98 sold for −5.", "sales", value="A98"),
        Finding("check.plain", Severity.INFO, "A97 is odd.", "sales"),
        Finding("check.between", Severity.WARNING, "A96 is odd.", "service"),
    )
    with_findings = replace(composition, findings=found)
    assert said(with_findings) == {line("2 findings, 1 critical; 9 rows set aside")}
    texts = "".join(model.model_dump_json() for model in compose_reports(with_findings))
    assert not [value for value in ("A99", "A98", "A97", "A96") if value in texts]


def test_nothing_is_said_of_a_clean_month(composition: Composition) -> None:
    (whole,) = composition.reconciliation
    clean = replace(whole, quarantined=Account(0, whole.quarantined.measure))
    assert said(replace(composition, reconciliation=(clean,))) == {()}


@pytest.mark.parametrize(
    ("findings", "critical", "rows", "text"),
    [
        (2, 0, 3, "2 findings, none critical; 3 rows set aside"),
        (1, 0, 0, "1 finding, not critical"),
        (1, 1, 1, "1 finding, 1 critical; 1 row set aside"),
        (0, 0, 1200, "no finding; 1,200 rows set aside"),
    ],
)
def test_what_the_checks_found_in_a_few_words(findings: int, critical: int, rows: int, text: str) -> None:
    assert found_by_checks(findings, critical, rows, f"{rows:,}") == text
