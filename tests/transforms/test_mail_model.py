"""The mail's words: three lines that the report carries, nobody named, and in a later edition what changed."""

import pytest
from pydantic import ValidationError

from tests.flows.rendering.sample_models import glance, manager_of_eight, metric_row, team
from transforms.mail_model import MailModel, counts, mail_of, next_step
from transforms.report_model import ConversationBlock, ReportModel, Sense, StageBlock

COMPANY = "Demo Company"


def judged(*texts: str) -> ReportModel:
    """A manager's report with a measure of each status."""
    rows = tuple(
        metric_row(f"Measure {n}", "", "1", "2", "3", "", text, "Why. — You", seed=n) for n, text in enumerate(texts)
    )
    blocks = (StageBlock(stage="result", label="Results", rows=rows),) if rows else ()
    return manager_of_eight().model_copy(update={"glance": glance(blocks)})


def talking(*senses: Sense) -> ReportModel:
    """A manager's report with a conversation of each kind."""
    blocks = tuple(
        ConversationBlock(unit_id=f"U{n}", label=f"Associate {n}", sense=sense, points=())
        for n, sense in enumerate(senses)
    )
    return manager_of_eight().model_copy(update={"conversations": blocks})


COUNTS = {
    "each": (("ahead", "as expected", "below", "too little data"),
             "Of 4 measures: 1 below, 1 ahead, 1 as expected, 1 with too little data."),
    "one": (("as expected",), "Of 1 measure: 1 as expected."),
    "below for months": (("below, 2nd month", "below", "below, 11th month"), "Of 3 measures: 3 below."),
    "others": (("no status", "withheld", "on the ramp", "no expectation", "ahead"),
               "Of 5 measures: 1 ahead, 4 without a status."),
    "none": ((), "No measure is shown."),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "line"), COUNTS.values(), ids=COUNTS)
def test_every_measure_is_counted_once(texts: tuple[str, ...], line: str) -> None:
    assert counts(judged(*texts)) == line


WORSE, BETTER, NONE = Sense.WORSE, Sense.BETTER, Sense.NONE
TALKS = {
    "both": ((WORSE, WORSE, BETTER, NONE),
             "4 conversations are prepared, the due ones first: 2 with a measure below and 1 with a measure ahead."),
    "below": ((WORSE, NONE), "2 conversations are prepared, the due ones first: 1 with a measure below."),
    "ahead": ((BETTER,), "1 conversation is prepared, the due ones first: 1 with a measure ahead."),
    "none": ((NONE, NONE), "2 conversations are prepared; nothing in them is below or ahead."),
    "one of none": ((NONE,), "1 conversation is prepared; nothing in it is below or ahead."),
}  # fmt: skip


@pytest.mark.parametrize(("senses", "line"), TALKS.values(), ids=TALKS)
def test_what_to_talk_about_is_counted_and_names_nobody(senses: tuple[Sense, ...], line: str) -> None:
    assert next_step(talking(*senses)) == line


def test_without_conversations_it_says_what_is_asked_next_month() -> None:
    report = team().model_copy(update={"ahead": manager_of_eight().ahead})
    assert next_step(report) == "Asked for November: revenue 385, customer satisfaction 88.0 and visits per person 60."
    longer = report.model_copy(update={"ahead": report.ahead * 2})
    assert next_step(longer).endswith("customer satisfaction 88.0, visits per person 60 and 3 more.")
    assert next_step(report.model_copy(update={"ahead": ()})) == "Nothing is asked for November yet."


def test_a_mail_has_exactly_three_lines_and_the_first_is_the_reports_own() -> None:
    mail = mail_of(manager_of_eight(), company=COMPANY)
    assert mail.summary == (
        manager_of_eight().glance.headline, counts(manager_of_eight()), next_step(manager_of_eight())
    )  # fmt: skip
    with pytest.raises(ValidationError):
        MailModel.model_validate({**mail.model_dump(), "summary": ("one", "two")})


def test_nobody_but_whose_report_it_is_stands_in_a_mail() -> None:
    report = manager_of_eight()
    said = mail_of(report, company=COMPANY).model_dump_json()
    assert report.title in said
    people = {row.label for table in report.people for row in (*table.rows, *table.new_rows)}
    people |= {block.label for block in report.conversations}
    assert len(people) == 8
    assert not [name for name in people if name in said]


def test_a_mail_is_a_function_of_the_report() -> None:
    assert mail_of(manager_of_eight(), company=COMPANY) == mail_of(manager_of_eight(), company=COMPANY)


def test_a_first_edition_names_no_edition_and_no_change() -> None:
    mail = mail_of(manager_of_eight(), company=COMPANY, pages=5)
    assert mail.subject == "Manager report, October 2026: Manager, Northern region"
    assert mail.file_name == "2026-10-manager-A17.pdf"
    assert mail.attached == "The whole manager report is attached as a PDF of 5 pages."
    assert mail.changes_title == ""


def test_a_later_edition_says_what_changed_since_the_readers_copy() -> None:
    mail = mail_of(manager_of_eight(), company=COMPANY, edition=3, since=1, changes=("A changed.", "B changed."))
    assert mail.subject == "Manager report, October 2026, edition 3: Manager, Northern region"
    assert mail.file_name == "2026-10-manager-A17-edition-3.pdf"
    assert mail.changes_title == "Changed since edition 1"
    assert mail.changes == ("A changed.", "B changed.")


def test_many_changes_are_cut_and_counted() -> None:
    mail = mail_of(manager_of_eight(), company=COMPANY, changes=[f"{n} changed." for n in range(20)])
    assert mail.changes[-2:] == ("5 changed.", "14 more, told on the report's first page.")


def test_the_longest_file_name_can_still_be_attached() -> None:
    """A report's id may have 150 letters and more; the mail's file name is cut, the month and edition stay."""
    report = manager_of_eight().model_copy(update={"report_id": "manager-" + "x" * 180})
    mail = mail_of(report, company=COMPANY, edition=2)
    assert len(mail.file_name) <= 120
    assert mail.file_name.startswith("2026-10-manager-xxx")
    assert mail.file_name.endswith("-edition-2.pdf")


def test_a_teams_report_may_hang_on_the_wall_a_managers_is_for_its_reader() -> None:
    assert "forward" not in mail_of(team(), company=COMPANY).footer
    assert "do not forward" in mail_of(manager_of_eight(), company=COMPANY).footer


def test_a_sample_says_so_and_claims_no_reader() -> None:
    mail = mail_of(manager_of_eight(), company=COMPANY, sample=True)
    assert mail.subject.startswith("Sample: Manager report")
    assert "sample" in mail.footer
    assert "You receive this because" not in mail.footer
