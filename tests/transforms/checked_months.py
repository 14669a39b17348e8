"""A checked month by hand: sales with bad rows, a clean hr, a survey, and an extract that did not come.

Does not belong here: a test.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

from config.checks import Correction, Severity
from config.models import Company, Config, Extract
from config.months import Month, months_between
from tests.transforms.organisation_rows import OCTOBER, hr_extract
from transforms.checks.page import ExtractSeen
from transforms.checks.page_parts import Sample
from transforms.checks.readings import Reading, Verdict, finding_of
from transforms.stages import (
    Account,
    Checked,
    ColumnProfile,
    Corrected,
    Exclusions,
    Finding,
    Landing,
    Profile,
    Reconciliation,
)

UGLY = "\x00<script>alert(1)</script>\u202e\x07" + "x" * 10_000
SALES = {
    "kind": "sales", "source": {"files": "sales/{month}.csv"}, "key": "order_id", "date": "day", "associate": "seller",
    "main_measure": "amount",
    "columns": {"order_id": "id", "seller": "id", "day": "date", "amount": "money", "segment": "text"},
}  # fmt: skip
SURVEY = {
    "kind": "pulse", "source": {"files": "survey/{month}.csv"}, "team": "team", "date": "day",
    "columns": {"person": "id", "team": "id", "day": "date", "score": "number"},
}  # fmt: skip
SERVICE = {
    "kind": "service", "source": {"files": "service/{month}.csv"}, "associate": "agent", "date": "closed",
    "columns": {"agent": "id", "closed": "date"},
}  # fmt: skip


def config() -> Config:
    """A company with four extracts and one correction."""
    return Config(
        directory=Path(),
        company=Company(name="Demo Company", currency="EUR"),
        extracts={
            "people": hr_extract(),
            "sales": Extract.model_validate(SALES),
            "survey": Extract.model_validate(SURVEY),
            "service": Extract.model_validate(SERVICE),
        },
        metrics={},
        corrections=(
            Correction(extract="sales", key="O7", column="amount", old="9", new="90", reason="Typed short",
                       owner="Back office", line=2),
            Correction(extract="sales", key="O8", column="amount", old="1", new="2", reason="Old fault",
                       owner="Back office", line=3),
        ),
        sha256="0" * 64,
    )  # fmt: skip


def landing(extract: str, month: Month, rows: int, headers: tuple[str, ...], files: tuple[str, ...] = ()) -> Landing:
    """A landing without a file."""
    return Landing(extract, month, Path(f"{extract}.parquet"), "0" * 64, rows, headers, files or (f"{month}.csv",))


def checked(extract: str, month: Month, rows: int, *, set_aside: int = 0, **more: Any) -> Checked:
    """Checked rows without a file."""
    quarantined = (Exclusions("amount is unreadable", set_aside, Decimal(0)),) if set_aside else ()
    return Checked(
        extract, month, Path(f"{extract}.parquet"), Path(f"{extract}-quarantine.parquet"), "0" * 64,
        rows=rows - set_aside, measure=Decimal(rows * 250), source_rows=rows, source_measure=Decimal(rows * 250),
        quarantined=quarantined, **more,
    )  # fmt: skip


def profile(month: Month, rows: int, empty_segments: int) -> Profile:
    """Rows on each weekday, segment empty in some."""
    days = tuple(0 if day % 7 in (3, 4) else 10 + day % 5 for day in range(month.days))
    columns = (ColumnProfile("segment", filled=rows - empty_segments), ColumnProfile("seller", filled=rows))
    return Profile(rows, 0, ("order_id", "seller", "day", "amount", "segment"), columns, days)


def reading(name: str, label: str, severity: Severity = Severity.WARNING, **more: Any) -> Reading:
    """A reading of the month; share and limit as given."""
    extract = name.partition(".")[0]
    given = {"value": 0.0, "limit": 0.0, "rows": 300, **more}
    return Reading(check=name, extract=extract, month=OCTOBER, label=label, severity=severity, **given)


def sales(month: Month = OCTOBER) -> ExtractSeen:
    """Three years of sales; in the last month rows that fail, one check that crashed and one that was accepted."""
    months = list(months_between(month.shift(-30), month))
    old = ("order_id", "seller", "day", "amount", "Region")
    landings = [landing("sales", each, 300 + each.number, old) for each in months[:-1]]
    landings.append(landing("sales", month, 300, ("order_id", "seller", "day", "amount", "Area\u0007")))
    corrected = (
        Corrected("corrections.csv:2", 1, "applied", "amount of O7 was 9 and is 90."),
        Corrected("corrections.csv:3", 0, "mended", "amount of O8 is 2 already."),
    )
    months_checked = [
        checked("sales", each, 300 + each.number * 3, profile=profile(each, 300, each.number)) for each in months[:-1]
    ]
    months_checked.append(
        checked("sales", month, 300, set_aside=9, profile=profile(month, 300, 120), corrected=corrected)
    )
    unreadable = Finding(
        "typing.unreadable", Severity.WARNING, "sales 2026-10: 7 rows set aside, amount is unreadable as an amount; "
        "the first is “12,5O” at 2026-10.csv:5. Numbers are declared with a point.", "sales", "2026-10.csv", 5,
        "amount", "12,5O", 7,
    )  # fmt: skip
    unknown = Finding(
        "check.refers_to", Severity.CRITICAL, "sales 2026-10: 40 rows name sellers whom hr does not know; the first "
        "is “A99” at 2026-10.csv:17.", "sales", "2026-10.csv", 17, "seller", "A99", 40,
    )  # fmt: skip
    crashed = Finding(
        "check.crashed", Severity.WARNING, "sales 2026-10: the check usual could not be run: out of range", "sales"
    )
    more = Finding("check.over_time", Severity.WARNING, "sales 2026-10: 300 rows, usually 301 to 336.", "sales")
    verdicts = (
        Verdict(reading("sales.day_of_type", "day can be read"), passed=True),
        Verdict(
            reading("sales.amount_of_type", "amount can be read", value=7 / 300, failed=7, set_aside=7, by_rows=True,
                    finding=unreadable),
            passed=False,
        ),
        Verdict(
            reading("sales.few", "segment is filled", value=2 / 300, limit=0.01, failed=2, set_aside=2, by_rows=True),
            passed=True,
        ),
        Verdict(
            reading("sales.seller_refers_to", "seller is known to hr", Severity.CRITICAL, value=40 / 300, failed=40,
                    finding=unknown),
            passed=False,
        ),
        Verdict(reading("sales.usual", "amount < 2 * usual", value=float("nan"), finding=crashed), passed=False),
        Verdict(
            reading("sales.rows_over_time", "as many rows as usual", value=4.26, limit=3.5, rows=0, finding=more),
            passed=False, accepted="The shop was closed for a week (Sales director)",
        ),
        *(Verdict(reading(f"sales.plain_{n}", f"column {n} is plain text", Severity.INFO), passed=True)
          for n in range(4)),
    )  # fmt: skip
    samples = tuple(
        Sample("sales.amount_of_type", "amount", UGLY if n == 0 else f"12,{n}O", "2026-10.csv", 5 + n,
               "amount is unreadable as an amount")
        for n in range(7)
    )  # fmt: skip
    return ExtractSeen("sales", tuple(landings), tuple(months_checked), verdicts, samples)


def survey() -> ExtractSeen:
    """A survey with an answer that cannot be read."""
    finding = Finding(
        "typing.unreadable", Severity.WARNING, "survey 2026-10: 1 row set aside, score is unreadable as a number; the "
        "first is “elfzehn” at survey.csv:3.", "survey", "survey.csv", 3, "score", "elfzehn",
    )  # fmt: skip
    verdict = Verdict(
        reading("survey.score_of_type", "score can be read", value=1 / 30, rows=30, failed=1, set_aside=1, by_rows=True,
                finding=finding),
        passed=False,
    )  # fmt: skip
    return ExtractSeen(
        "survey",
        (landing("survey", OCTOBER, 30, ("person", "team", "day", "score"), ("survey.csv",)),),
        (checked("survey", OCTOBER, 30, set_aside=1),),
        (verdict,),
        (Sample("survey.score_of_type", "score", "elfzehn", "survey.csv", 3, "score is unreadable as a number"),),
    )


def people() -> ExtractSeen:
    """A clean hr."""
    verdicts = tuple(Verdict(reading(f"people.{n}", f"{n} can be read", rows=41), passed=True) for n in ("a", "b"))
    seen = landing("people", OCTOBER, 41, ("associate", "name"), ("people.csv",))
    return ExtractSeen("people", (seen,), (checked("people", OCTOBER, 41),), verdicts)


def service() -> ExtractSeen:
    """It did not come."""
    return ExtractSeen("service", failure="service has nothing for 2026-10. Put service/2026-10.csv into the folder.")


def seen() -> tuple[ExtractSeen, ...]:
    """All four."""
    return (people(), sales(), survey(), service())


def findings(*more: Finding) -> tuple[Finding, ...]:
    """Of the failed checks, of the extract that did not come, of corrections, and others."""
    missing = Finding("source.missing", Severity.CRITICAL, service().failure, "service")
    applied = Finding("correction.applied", Severity.INFO, "corrections.csv:2: amount of O7 was 9 and is 90.", "sales")
    failed = (finding_of(one) for each in seen() for one in each.verdicts if not one.passed)
    return (missing, *failed, applied, *more)


def lines() -> tuple[Reconciliation, ...]:
    """Where the rows of sales went."""
    return (
        Reconciliation(
            "sales", OCTOBER, "amount", Account(300, Decimal(75000)), Account(280, Decimal(70000)),
            Account(11, Decimal(2750)), Account(0, Decimal(0)), Account(9, Decimal(2250)),
            (Exclusions("amount is unreadable", 9, Decimal(2250)),),
        ),
    )  # fmt: skip
