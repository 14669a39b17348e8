"""Configurations that cannot be right: refused before anything is read, with file, line and what to write instead."""

import pytest

from tests.broken.company import EXTRACTS as DECLARED
from tests.broken.company import Company
from tests.broken.telling import (
    NOTHING,
    REVENUE,
    Row,
    both,
    changed,
    removed,
    runs_again,
    told_and_done,
    written,
)

COMPANY = "config/company.yaml"
EXTRACTS = "config/extracts.yaml"
METRICS = "config/metrics.yaml"
EXPECTATIONS = "config/expectations.yaml"
ASKED = "config/asked.csv"

ROWS: dict[str, Row] = {
    # -- files and YAML
    "metrics.yaml is missing": Row(removed(METRICS), 2, ("metrics.yaml is missing", "Write it")),
    "company.yaml is UTF-16": Row(
        lambda c: c.write(COMPANY, c.path(COMPANY).read_text("utf-8").encode("utf-16")), 2,
        ("company.yaml:1:", "UTF-16", "Save it as UTF-8"),
    ),
    "a key has a typo": Row(
        changed(COMPANY, "currency:", "curency:"), 2,
        ("config/company.yaml:2 (curency): “curency” is no key. Did you mean currency?",),
    ),
    "a number in words": Row(
        changed(COMPANY, "history_months: 2", "history_months: two"), 2,
        ("company.yaml:7 (history_months): “two” is no whole number.", "such as 3"),
    ),
    "a key stands twice": Row(
        changed(COMPANY, "currency: EUR", "currency: EUR\ncurrency: USD"), 2,
        ("company.yaml:3 (currency)", "stands twice", "line 2"),
    ),
    "a tab": Row(
        changed(COMPANY, "holidays: DE", "books_close:\n\tworking_day: 3"), 2, ("company.yaml:6", "tab", "spaces")
    ),
    "a bracket is not closed": Row(
        changed(EXTRACTS, "key: order_id", "key: [order_id"), 2,
        ("extracts.yaml:26: A bracket opened in line 25 is never closed",),
    ),
    # -- values
    "no such locale": Row(
        changed(COMPANY, "en_GB", "xx_QQ"), 2, ("company.yaml:3 (locale): “xx_QQ” is no locale.", "de_DE")
    ),
    "no such time zone": Row(
        changed(COMPANY, "Europe/Berlin", "Europe/Berln"), 2,
        ("company.yaml:4 (time_zone): “Europe/Berln” is no time zone. Did you mean Europe/Berlin?",),
    ),
    "no such currency": Row(
        changed(COMPANY, "EUR", "EUX"), 2, ("company.yaml:2 (currency): “EUX” is no currency.", "such as EUR")
    ),
    "the data folder is not there": Row(
        changed(COMPANY, "../data", "../dta"), 3, ("“", "/dta” is not there", "Set data in company.yaml")
    ),
    # -- extracts
    "two hr extracts": Row(
        changed(EXTRACTS, "kind: service", "kind: hr"), 2, ("extracts.yaml", "(service.kind)", "second hr extract")
    ),
    "no hr extract": Row(
        written(EXTRACTS, "sales:\n" + DECLARED.partition("sales:\n")[2]), 2,
        ("extracts.yaml: No extract has kind: hr", "Add the list of your people"),
    ),
    "today's list is not agreed to": Row(
        changed(EXTRACTS, "history: effective_dated", "history: today"), 2,
        ("extracts.yaml:15 (people.history)", "assume_current_organisation: true"),
    ),
    "a policy column is declared": Row(
        changed(EXTRACTS, "amount: money", "amount: money\n    warning_letters: integer"), 2,
        ("extracts.yaml:25 (sales.columns.warning_letters)", "policy violations", "Take the column away"),
    ),
    "a password is written out": Row(
        changed(EXTRACTS, "files: sales/{month}*", "url: postgresql://shop:hunter2@db/shop\n    table: orders"), 2,
        ("extracts.yaml:19 (sales.source.url)", "A password stands in the address", "shop:…@db",
         "${DATABASE_PASSWORD}"),
    ),
    "a secret is not set": Row(
        changed(EXTRACTS, "files: sales/{month}*", "url: ${YARDSTICK_TEST_UNSET}\n    table: orders"), 2,
        ("extracts.yaml:18 (sales.source)", "${YARDSTICK_TEST_UNSET} is not set", "Set YARDSTICK_TEST_UNSET"),
    ),
    "no such encoding": Row(
        changed(EXTRACTS, "files: sales/{month}*", "files: sales/{month}*\n    encoding: latin-99"), 2,
        ("extracts.yaml:20 (sales.source.encoding): “latin-99” is no encoding.", "such as utf-8"),
    ),
    # -- metrics
    "a metric of an unknown column": Row(
        changed(METRICS, "sum(amount)", "sum(amuont)"), 2,
        ("metrics.yaml:5 (revenue.value)", "“amuont”", "Did you mean amount?"),
    ),
    "a metric that is no SQL": Row(
        changed(METRICS, "sum(amount)", "sum(amount"), 2, ("metrics.yaml:5 (revenue.value)", "sum(amount")
    ),
    "a metric that fails on its rows": Row(
        changed(METRICS, "sum(amount)", "sum(cast(order_id as integer))"), 0,
        ("revenue of metrics.yaml", "2026-10", "'2026-10-AS02-0'", "try_cast"), REVENUE,
    ),
    # -- expectations
    "a rule of an unknown metric": Row(
        changed(EXPECTATIONS, "metric: solved", "metric: solvd"), 2,
        ("expectations.yaml:5 (rules[1].metric)", "“solvd”", "Did you mean solved?"),
    ),
    "the table of expectations is missing": Row(
        removed(ASKED), 2, ("expectations.yaml:2 (tables[1].file)", "“asked.csv” is not there")
    ),
    "the table of expectations is a web page": Row(
        written(ASKED, "<!DOCTYPE html>\n<html></html>"), 2, ("asked.csv", "web page (HTML)", "CSV or .xlsx")
    ),
    "an expected value is unreadable": Row(
        changed(ASKED, ",900,", ",nine hundred,"), 0, ("asked.csv:2", "“nine hundred” is no number.", "Write it as"),
        NOTHING,
    ),
    "an expectation of an unknown unit": Row(
        changed(ASKED, "team,NORTH", "team,NROTH"), 0,
        ("asked.csv:2: “NROTH” is the id of no team. The nearest is “NORTH”.",), NOTHING,
    ),
    "an expectation of an unknown metric": Row(
        changed(ASKED, "NORTH,revenue", "NORTH,revenu"), 0, ("asked.csv:2", "“revenu”", "revenue"), NOTHING
    ),
    "an unknown heading in a table": Row(
        changed(ASKED, "unit_kind,unit,metric", "unit_kind,unit,metrik"), 0,
        ("asked.csv has no column “metric”. The nearest is “metrik”.", "needs the headings"), NOTHING,
    ),
    # -- people's lines
    "a decision of an unknown kind": Row(
        written("config/decisions.csv", "decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason\n"
                "2026-10-01,re-base,team,NORTH,revenue,2026-10,Director,Moved\n"), 2,
        ("decisions.csv:2 (kind)", "“re-base”", "Did you mean rebase?"),
    ),
    "an identity of two people": Row(
        written("config/identities.csv", "source,source_id,associate\nshop,007,AS02\nshop,007,AS03\n"), 2,
        ("identities.csv:3 (source_id)", "“007” of shop is AS03 here and AS02 in line 2", "valid_from"),
    ),
    "exchange rates with a wrong line": Row(
        both(changed(COMPANY, "currency: EUR", "currency: EUR\nexchange_rates: rates.csv"),
             written("config/rates.csv", "month,currency,rate\n2026-10,USD,zero\n")), 2,
        ("rates.csv:2", "“zero” is no rate", "0.9234"),
    ),
}  # fmt: skip
MENDED = ("a key has a typo", "a metric that fails on its rows")


@pytest.mark.parametrize("case", ROWS)
def test_a_broken_setting_gives_its_one_message(company: Company, healthy: Company, case: str) -> None:
    told_and_done(ROWS[case], company)
    if case in MENDED:
        runs_again(company, healthy)
