"""A company whose people are to be erased, its editions approved and mailed, and what its files say of anybody.

Files are decoded by other means than erasing uses, where that can be. Does not belong here: a test.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.cli.main import main
from flows.rendering import read_back
from flows.state.editions import read_edition
from tests.companies import OCTOBER, TinyCompany, usual_people, write_company

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAME, ID, ADDRESS, DESK = "Nora Winterfeld", "AS03", "as03@tiny.example", "desk-77"
TERMS = ("Nora Winterfeld", "Winterfeld", "AS03", "as03@tiny", "desk-77")
IDENTITIES = f"source,source_id,valid_from,valid_to,associate\ndesk,{DESK},,,{ID}\n" + "".join(
    f"desk,desk-{at},,,AS0{at}\n" for at in (4, 5, 7, 8, 9)
)
DECISIONS = f"""\
decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason,value
2026-10-02,accepted_stretch,associate,{ID},revenue,2026-10,Sales director,{NAME} asked for it,
"""
KEEPING = """\
sender: Reports <reports@tiny.example>
allowed_domains: [tiny.example]
team_reports_to: [manager, members]
"""


def people() -> list[str]:
    """The usual people, one of whom is Nora Winterfeld."""
    return [line.replace("Associate 3", NAME) if line.startswith(ID) else line for line in usual_people()]


def mailed_company(folder: Path) -> TinyCompany:
    """Two editions of October, both approved and mailed; ids of their own in service; a note on every order."""
    company = write_company(folder, people=people())
    (company.config / "identities.csv").write_text(IDENTITIES, "utf-8")
    (company.config / "decisions.csv").write_text(DECISIONS, "utf-8")
    (company.config / "delivery.yaml").write_text(KEEPING, "utf-8")
    company.change("config/extracts.yaml", "  associate: agent\n", "  associate: agent\n  identities: desk\n")
    company.change("config/extracts.yaml", "amount: money, segment: text}", "amount: money, segment: text, note: text}")
    for month in ("2026-09", "2026-10"):
        service = company.folder / "data" / "service" / f"{month}.csv"
        text = re.sub(r",AS0(\d),", r",desk-\1,", service.read_text("utf-8")).replace(",desk-3,", f",{DESK},")
        service.write_text(re.sub(r"-AS0(\d)-", r"-\1-", text), "utf-8")
        sales = company.folder / "data" / "sales" / f"{month}.csv"
        head, *lines = sales.read_text("utf-8").splitlines()
        noted = [f"{line},{'ring her at home' if ID in line else f'asked {NAME} for help'}" for line in lines]
        sales.write_text("\n".join([f"{head},note", *noted]) + "\n", "utf-8")
    company.append("sales/2026-10.csv", f"broken,{ID},2026-10-12,not an amount,B2B,of {NAME}")
    command(company, "run", "2026-10")
    deliver(company)
    company.append("sales/2026-10.csv", f"2026-10-{ID}-9,{ID},2026-10-20,1500.00,B2B,late")
    command(company, "run", "2026-10")
    deliver(company)
    command(company, "check", "2026-10")
    return company


def command(company: TinyCompany, *arguments: str, status: int = 0) -> None:
    """A command of yardstick on the company."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(company.config), "--state", str(company.state.root)])
    assert ended.value.code == status


def deliver(company: TinyCompany) -> None:
    """Approve and mail the newest edition."""
    command(company, "approve", "2026-10", "--by", "Head of sales")
    command(company, "send", "2026-10")


def texts_of(path: Path) -> Iterator[str]:
    """What a file says, by means of this test's own."""
    yield path.name
    content = path.read_bytes()
    yield content.decode("utf-8", "ignore")
    if path.suffix == ".parquet":
        yield table(path).to_csv()
    elif path.name.startswith("ledger.sqlite"):
        # Values lie side by side there: whatever holds a term names the person.
        yield re.sub(r"(?i)as03@tiny|winterfeld", r" \g<0> ", content.decode("latin-1"))
    elif path.suffix == ".pdf":
        yield read_back(path)
    elif path.suffix == ".eml":
        for part in message_from_bytes(content, policy=policy.default).walk():
            yield str(part.items())
            payload = part.get_payload(decode=True)
            if part.get_content_type() == "application/pdf" and isinstance(payload, bytes):
                copy = path.with_suffix(".part")
                copy.write_bytes(payload)
                yield read_back(copy)
                copy.unlink()
            elif isinstance(payload, bytes):
                yield payload.decode("utf-8", "replace")


def table(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return pd.read_parquet(file)


def naming(root: Path, terms: tuple[str, ...] = TERMS, end: str = "") -> dict[str, list[str]]:
    """Files under a root that name the person, with the terms. `end` is a pattern of what follows a term."""
    pattern = re.compile("|".join(rf"(?<![^\W_]){re.escape(term)}{end}" for term in terms), re.IGNORECASE)
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            said = sorted({term for text in texts_of(path) for term in pattern.findall(text)})
            if said:
                found[path.relative_to(root).as_posix()] = said
    return found


def kinds(found: dict[str, Any]) -> set[str]:
    return {name.partition("/")[0] for name in found}


def manifest(company: TinyCompany, number: int) -> dict[str, Any]:
    return read_edition(company.state, OCTOBER, number).manifest


def contents(company: TinyCompany) -> dict[str, bytes]:
    """Of every file but the ledger, which notes when it was opened."""
    return {
        path.relative_to(company.state.root).as_posix(): path.read_bytes()
        for path in sorted(company.state.root.rglob("*"))
        if path.is_file() and not path.name.startswith("ledger")
    }


def stopping(changes: Callable[[Any], Iterator[Any]], after: int) -> Callable[[Any], Iterator[Any]]:
    def some(job: Any) -> Iterator[Any]:
        for done, change in enumerate(changes(job)):
            if done == after:
                raise KeyboardInterrupt
            yield change

    return some
