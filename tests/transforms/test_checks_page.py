"""The checks page as a model: nothing that failed is out of sight, and nobody's answer is in it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from config.checks import Severity
from config.models import ExtractKind
from config.months import Month
from tests.transforms import checked_months as made
from tests.transforms.organisation_rows import OCTOBER
from transforms.charts import day_bars
from transforms.checks.page import ExtractSeen, checks_model, count, what_stands
from transforms.checks.page_parts import SAMPLES, Sample
from transforms.checks.readings import Verdict
from transforms.checks.texts import told, visible
from transforms.formats import Formats
from transforms.index_model import CheckedExtract, ChecksModel
from transforms.report_model import Sense, extract_anchor
from transforms.stages import Corrected, Finding

FORMATS = Formats("en_GB", "EUR")


def model(*seen: ExtractSeen, findings: tuple[Finding, ...] | None = None) -> ChecksModel:
    """The page of the hand-made month, or of the extracts given."""
    return checks_model(
        made.config(), OCTOBER, seen or made.seen(), made.findings() if findings is None else findings,
        lines=made.lines(),
    )  # fmt: skip


def section(name: str, *seen: ExtractSeen) -> CheckedExtract:
    return next(one for one in model(*seen).extracts if one.extract == name)


# -- what stands on top --------------------------------------------------------------------------------------------


def test_each_extract_has_a_line_with_its_counts_and_a_place_on_the_page() -> None:
    page = model()
    assert [(row.extract, row.rows, row.set_aside, row.critical, row.warning, row.info, row.passed)
            for row in page.matrix] == [
        ("people", "41", "", "", "", "", "2"), ("sales", "300", "9", "1", "2", "2", "6"),
        ("survey", "30", "1", "", "1", "", ""), ("service", "not there", "", "1", "", "", ""),
    ]  # fmt: skip
    assert [row.anchor for row in page.matrix] == [one.anchor for one in page.extracts]
    assert page.matrix[1].anchor == extract_anchor("sales") == "extract-sales"


def test_the_sentence_says_what_is_withheld_before_anything_else() -> None:
    assert model().summary == (
        "What is measured on service is withheld: it could not be used. Critical findings in sales: what depends on "
        "them is withheld. 8 checks passed, 3 warnings and 10 of 371 rows set aside."
    )


def test_a_month_without_findings_is_said_to_be_so() -> None:
    counts = count(OCTOBER, [made.people()], [])
    assert what_stands(FORMATS, counts) == (
        "Nothing critical was found. 2 checks passed, no warning and no row set aside."
    )


def test_what_was_found_outside_of_extracts_has_a_section_of_its_own() -> None:
    lost = Finding("expectations.unknown_unit", Severity.WARNING, "asked.csv:9 names team WEST.", file="asked.csv")
    page = model(findings=(*made.findings(), lost))
    assert [finding.message for finding in page.extracts[-1].findings] == ["asked.csv:9 names team WEST."]
    assert page.extracts[-1].anchor == "extract-none"


# -- results -------------------------------------------------------------------------------------------------------


def test_the_gravest_failures_come_first_and_what_passed_in_silence_is_folded() -> None:
    sales = section("sales")
    assert [(one.name, one.result) for one in sales.results] == [
        ("seller_refers_to", "failed"), ("amount_of_type", "failed"), ("usual", "crashed"),
        ("rows_over_time", "accepted"), ("few", "passed"),
    ]  # fmt: skip
    assert [one.result for one in sales.passed] == ["passed"] * 5
    assert len(sales.results) + len(sales.passed) == len(made.sales().verdicts)


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("amount_of_type", "2.3%", "0%"),
        ("few", "0.7%", "1.0%"),
        ("usual", "", "0%"),
        ("rows_over_time", "4.26", "3.50"),
    ],
    ids=["a share", "within what is allowed", "crashed", "a distance"],
)
def test_a_share_is_a_percentage_and_a_distance_a_number(name: str, value: str, limit: str) -> None:
    (result,) = (one for one in section("sales").results if one.name == name)
    assert (result.value, result.limit) == (value, limit)


def test_one_row_in_a_million_is_not_shown_as_none() -> None:
    reading = made.reading("sales.few", "few", value=1e-6, rows=1_000_000, failed=1)
    result = section("sales", replace(made.sales(), verdicts=(Verdict(reading, passed=False),))).results[0]
    assert result.value == "<0.1%"


def test_an_accepted_failure_says_why_and_by_whom() -> None:
    (result,) = (one for one in section("sales").results if one.result == "accepted")
    assert "Accepted: The shop was closed for a week (Sales director)." in result.told


def test_what_a_failed_check_found_is_told_once() -> None:
    """Beside its check, not again among the other findings; corrections stand among the corrections."""
    other = Finding("engine.unknown_id", Severity.WARNING, "3 rows name A99.", "sales")
    page = model(findings=(*made.findings(), other))
    sales = next(one for one in page.extracts if one.extract == "sales")
    assert [finding.message for finding in sales.findings] == ["3 rows name A99."]
    assert page.matrix[1].warning == "3"


# -- bad rows ------------------------------------------------------------------------------------------------------


def test_a_few_bad_rows_are_shown_and_where_all_are() -> None:
    result = next(one for one in section("sales").results if one.name == "amount_of_type")
    assert [row.place for row in result.samples] == [f"2026-10.csv:{5 + n}" for n in range(SAMPLES)]
    assert result.reason == "amount is unreadable as an amount"
    assert result.samples_note == "5 of 7 rows set aside; all are in checked/2026-10/sales-quarantine.parquet"


def test_a_check_that_sets_nothing_aside_shows_the_row_its_finding_names() -> None:
    result = next(one for one in section("sales").results if one.name == "seller_refers_to")
    assert [(row.place, row.column, row.value) for row in result.samples] == [("2026-10.csv:17", "seller", "A99")]
    assert result.samples_note == "the first of 40 rows"


def test_an_ugly_value_is_shortened_and_visible() -> None:
    value = section("sales").results[1].samples[0].value
    assert value.startswith("\\x00<script>alert(1)</script>\\u202e\\x07xxx")
    assert value.endswith("… (10,028 characters)")
    assert len(value) < 200


def test_rows_set_aside_for_no_check_of_the_list_are_shown_too() -> None:
    lost = Sample("", "", "", "2026-10.csv", 99, "no exchange rate")
    sales = replace(made.sales(), samples=(*made.sales().samples, lost))
    assert [row.reason for row in section("sales", sales).others] == ["no exchange rate"]


def test_no_answer_of_a_survey_is_anywhere_on_the_page() -> None:
    page = model()
    assert "elfzehn" not in page.model_dump_json()
    (survey,) = (one for one in page.extracts if one.extract == "survey")
    assert [(row.place, row.column, row.value) for row in survey.results[0].samples] == [("survey.csv:3", "score", "")]
    assert survey.results[0].told.endswith("the first is an answer that is not shown at survey.csv:3.")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the first is “7” at a.csv:7.", "the first is an answer that is not shown at a.csv:7."),
        ("score 7 of 17 is over 10.", "score an answer that is not shown of 17 is over 10."),
        (
            "the check odd could not be run: “a > 1” fails on a row: Could not convert string 'bad, bad' to INT32.",
            "the check odd could not be run: “a > 1” fails on a row; what the row says is not shown.",
        ),
    ],
    ids=["in quotes", "bare", "a database's reason"],
)
def test_an_answer_is_taken_out_of_a_message(message: str, shown: str) -> None:
    finding = Finding("check.between", Severity.WARNING, message, "survey", value="7")
    assert (told(finding, ExtractKind.PULSE).message, told(finding, ExtractKind.PULSE).value) == (shown, "")
    assert told(finding, ExtractKind.SALES) == finding


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("12\u00a0450,00 €", "12\u00a0450,00 €"), ("a\tb\nc", "a\\tb\\nc"), ("\u200bA17\ufeff", "\\u200bA17\\ufeff"),
        ("a\u2028b", "a\\u2028b"), ("\U000e0041", "\\U000e0041"), ("Ärger 😀", "Ärger 😀"), ("", ""),
    ],
    ids=["a space in a figure", "tab and newline", "nothing to see", "a line's end", "a tag", "letters", "empty"],
)  # fmt: skip
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_the_share_that_was_set_aside_in_all_is_folded_where_it_passed() -> None:
    whole = made.reading("sales.set_aside", "at most 5% set aside", value=0.03, limit=0.05, failed=9, set_aside=9)
    sales = replace(made.sales(), verdicts=(*made.sales().verdicts, Verdict(whole, passed=True)))
    assert "set_aside" in [one.name for one in section("sales", sales).passed]


# -- months, days, columns, corrections ----------------------------------------------------------------------------


def test_the_course_of_three_years_is_drawn_with_its_range() -> None:
    lines = {trend.label: trend for trend in section("sales").trends}
    assert list(lines) == ["Rows", "Rows set aside", "Sum of amount", "Empty in segment"]
    assert (lines["Rows set aside"].latest, lines["Rows set aside"].span) == ("9", "0 in each of 30 months before")
    assert (lines["Empty in segment"].latest, lines["Empty in segment"].span) == (
        "40.0%", "0.3% to 4.0% in 30 months before"
    )  # fmt: skip
    assert lines["Sum of amount"].latest == "€75,000"
    assert "April 2024 to October 2026: 9" in lines["Rows set aside"].chart.alt


def test_a_month_that_is_missing_is_a_gap_in_the_line() -> None:
    sales = made.sales()
    without = replace(sales, checked=tuple(one for one in sales.checked if one.month != Month(2025, 3)))
    whole, gap = (section("sales", one).trends[0].chart.actual for one in (sales, without))
    assert (whole.count("M"), gap.count("M")) == (1, 2)


def test_a_month_that_is_not_as_usual_is_marked_in_the_line_it_is_about() -> None:
    senses = {trend.label: trend.chart.latest_sense for trend in section("sales").trends}
    assert [label for label, sense in senses.items() if sense is Sense.WORSE] == ["Rows"]


def test_two_months_have_no_course() -> None:
    sales = made.sales()
    assert section("sales", replace(sales, checked=sales.checked[-2:])).trends == ()


def test_days_without_a_row_are_named_where_they_are_few() -> None:
    days = section("sales").days
    assert days is not None
    assert days.span == "10 to 14 rows a day, none on 8 days, 4 of them Monday to Friday"
    assert (days.first, days.last) == ("1 Oct 2026", "31 Oct 2026")


def test_a_bar_a_day_and_a_mark_where_a_weekday_has_none() -> None:
    weekdays, weekends, empty = day_bars([4, 0, 2, 0], [False, False, True, True])
    assert (weekdays.count("Z"), weekends.count("Z"), empty.count("M")) == (1, 1, 1)


def test_columns_that_came_and_went_are_listed_against_the_month_before() -> None:
    sales = section("sales")
    assert (sales.columns_new, sales.columns_gone) == (("Area\\x07",), ("Region",))
    assert sales.columns_since == "September 2026"


def corrected(*states: str) -> ExtractSeen:
    """Sales whose last months found one correction in these states."""
    sales = made.sales()
    at = len(sales.checked) - len(states)
    return replace(
        sales,
        checked=(
            *sales.checked[:at],
            *(
                replace(one, corrected=(Corrected("corrections.csv:2", 1, state, f"told {one.month}"),))
                for one, state in zip(sales.checked[at:], states, strict=True)
            ),
        ),
    )


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (("absent", "applied"), ("applied", "applied to 1 row", "told 2026-10")),
        (("applied", "absent"), None),
        (("differs", "absent"),
         ("differs", "not applied: the source of 2026-09 says something else", "told 2026-09")),
        (("absent", "mended"), ("mended", "no longer needed: the source of 2026-10 says so itself", "told 2026-10")),
        (("absent", "absent"), ("absent", "matches no row of any month", "told 2026-10")),
        (("mended", "applied"), ("applied", "applied to 1 row", "told 2026-10")),
        (("mended", "applied", "absent"), None),
        (("applied", "mended"), ("mended", "no longer needed: the source of 2026-10 says so itself", "told 2026-10")),
    ],
    ids=["of this month", "of another month", "no longer matching", "mended", "never matched", "right before",
         "right before it was used", "mended after it was used"],
)  # fmt: skip
def test_a_correction_is_told_in_its_month_and_where_it_no_longer_matches(
    states: tuple[str, ...], shown: tuple[str, str, str] | None
) -> None:
    lines = section("sales", corrected(*states)).corrections
    assert [(line.state, line.result, line.told) for line in lines] == ([shown] if shown else [])
    assert all((line.reason, line.owner) == ("Typed short", "Back office") for line in lines)


def test_what_does_not_count_is_said_where_nothing_was_attributed() -> None:
    assert section("survey").left_out == (("1 set aside", "amount is unreadable"),)
    assert section("sales").left_out == ()
    assert [row.counted for row in section("sales").reconciliation] == ["rows", "amount"]


# -- always --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [made.sales, made.survey, made.people, made.service], ids=lambda make: make.__name__)
def test_the_same_is_said_each_time_and_nothing_given_is_changed(look: Callable[[], ExtractSeen]) -> None:
    given = look()
    assert model(given) == model(look())
    assert repr(given) == repr(look())


def test_an_extract_of_nothing_but_bad_rows_is_drawn() -> None:
    empty = made.checked("sales", OCTOBER, 0, profile=made.profile(OCTOBER, 0, 0))
    sales = replace(made.sales(), checked=(*made.sales().checked[:-1], replace(empty, measure=Decimal(0))))
    assert section("sales", sales).trends[0].latest == "0"
