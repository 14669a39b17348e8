"""A company's configuration is started from its files: it loads, says what it guessed, and overwrites nothing."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from config.errors import RefusedError, UsageError
from config.loader import load_config
from config.models import ColumnType, ExtractKind, FilesSource, HrHistory
from config.months import Month
from flows.initialise import Proposal, propose
from flows.initialise.grouping import month_pattern
from flows.initialise.values import describe, marks_of
from flows.initialise.words import plain

NORTHWIND = Path(__file__).resolve().parents[3] / "shared" / "data" / "northwind"

PEOPLE = "employee_id,name,team,manager\nA1,Associate 1,North,A3\nA2,Associate 2,North,A3\nA3,Associate 3,North,\n"
SALES = "order_id,sold_by,order_date,amount\n1,A1,2026-01-05,10.50\n2,A2,2026-01-20,20.00\n"
PEOPLE_DE = (
    "Personalnummer;Vorname;Nachname;Abteilung;Vorgesetzter;Eintrittsdatum;Gültig ab;Geburtsdatum\n"
    "0017;Associate;Eins;Nord;0019;01.02.2020;01.02.2020;01.01.1980\n"
    "0018;Associate;Zwei;Süd;0019;15.03.2021;15.03.2021;02.01.1980\n"
    "0019;Associate;Drei;Nord;;01.01.2019;01.01.2019;03.01.1980\n"
)
SALES_DE = (
    "Bestellnr;Verkäufer;Bestelldatum;Nettobetrag;Kundentyp\n"
    "4711;0017;05.01.2026;1.234,50;B2B\n"
    "4712;0018;28.01.2026;99,00;B2C\n"
)


def folder_with(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def proposed(tmp_path: Path, files: dict[str, str | bytes]) -> Proposal:
    return propose(folder_with(tmp_path / "data", files), tmp_path / "config")


@pytest.mark.skipif(not NORTHWIND.is_dir(), reason="the data beside the project is not there")
def test_northwind_becomes_a_configuration_that_loads(tmp_path: Path) -> None:
    proposal = propose(NORTHWIND, tmp_path / "config")
    config = load_config(proposal.target)
    name, hr = config.hr()
    assert name == "employees"
    assert hr.history is HrHistory.TODAY
    assert hr.assume_current_organisation
    assert hr.team_by == "manager"
    assert {column: declared.source for column, declared in hr.columns.items()} == {
        "associate": "employee_id", "given_name": "first_name", "family_name": "last_name", "role": "title",
        "manager": "reports_to", "hire_date": None,
    }  # fmt: skip
    orders = config.extracts["orders"]
    assert (orders.kind, orders.key, orders.associate, orders.date, orders.main_measure) == (
        ExtractKind.SALES, ("order_id",), "employee_id", "order_date", "amount",
    )  # fmt: skip
    assert isinstance(orders.source, FilesSource)
    assert orders.source.month_by == "order_date"
    assert orders.source.missing == ("NULL",)
    assert set(config.metrics) == {"revenue", "orders", "on_time"}
    assert config.metrics["on_time"].denominator is not None
    assert config.expectations.rules == ()
    found = {extract.name: extract for extract in proposal.extracts}
    assert (found["orders"].months[0], found["orders"].months[-1]) == (Month(1996, 7), Month(1998, 5))
    assert found["orders"].rows == 830
    assert [one.file for one in proposal.not_understood] == ["northwind.sql"]


def test_german_files_with_semicolons_are_understood(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Mitarbeiter.csv": PEOPLE_DE.encode("cp1252"),
        "Umsatz_202601.csv": SALES_DE.encode("cp1252"),
        "Umsatz_202602.csv": SALES_DE.replace(".01.2026", ".02.2026").encode("cp1252"),
    }
    proposal = proposed(tmp_path, files)
    config = load_config(proposal.target)
    _, hr = config.hr()
    assert hr.history is HrHistory.EFFECTIVE_DATED
    assert {column: declared.source for column, declared in hr.columns.items()} == {
        "associate": "Personalnummer", "given_name": "Vorname", "family_name": "Nachname", "team": "Abteilung",
        "manager": "Vorgesetzter", "hire_date": "Eintrittsdatum", "valid_from": "Gültig ab",
    }  # fmt: skip
    sales = config.extracts["umsatz"]
    assert isinstance(sales.source, FilesSource)
    assert sales.source.files == ("Umsatz_{year}{mm}.csv",)
    assert (sales.source.decimal, sales.source.thousands, sales.source.dates) == (",", ".", "day_first")
    assert (sales.associate, sales.segment, sales.main_measure) == ("verkaeufer", "kundentyp", "nettobetrag")
    assert sales.columns["nettobetrag"].type is ColumnType.MONEY
    assert sales.columns["bestellnr"].type is ColumnType.ID
    assert config.company.locale == "de_DE"
    assert next(one.months for one in proposal.extracts if one.name == "umsatz") == (Month(2026, 1), Month(2026, 2))
    assert any("cp1252" in doubt for one in proposal.extracts for doubt in one.doubts)


def test_french_headings_are_understood(tmp_path: Path) -> None:
    people = "Matricule;Prénom;Nom;Équipe\nM1;Associate;Un;Nord\nM2;Associate;Deux;Sud\n"
    sales = "Numéro de commande;Vendeur;Date de commande;Montant\nC1;M1;05/01/2026;10,50\nC2;M2;28/01/2026;20,00\n"
    proposal = proposed(tmp_path, {"salaries.csv": people, "ventes-2026-01.csv": sales})
    config = load_config(proposal.target)
    assert set(config.hr()[1].columns) == {"associate", "given_name", "family_name", "team"}
    ventes = config.extracts["ventes"]
    assert (ventes.associate, ventes.date, ventes.main_measure) == ("vendeur", "date_de_commande", "montant")
    assert config.company.locale == "fr_FR"


def test_files_of_one_extract_are_found_by_headings_and_by_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "people.csv": PEOPLE,
        "sales/sales-2026-01.csv": SALES,
        "sales/sales_202602.csv": SALES.replace("2026-01", "2026-02"),
        "2026/03/sales.csv": SALES.replace("2026-01", "2026-03"),
    }
    proposal = proposed(tmp_path, files)
    sales = load_config(proposal.target).extracts["sales"]
    assert isinstance(sales.source, FilesSource)
    assert set(sales.source.files) == {"sales/sales-{month}.csv", "sales/sales_{year}{mm}.csv", "{year}/{mm}/sales.csv"}
    assert sales.source.month_by is None


def test_excel_parquet_json_lines_and_packed_files_are_read(tmp_path: Path) -> None:
    data = folder_with(tmp_path / "data", {"sales-2026-01.csv.gz": gzip.compress(SALES.encode())})
    pd.DataFrame({"employee_id": ["A1", "A2"], "name": ["Associate 1", "Associate 2"], "team": ["N", "S"]}).to_excel(
        data / "people.xlsx", index=False
    )
    tickets = pd.DataFrame({
        "ticket_id": ["T1", "T2"], "agent": ["A1", "A2"], "csat": [4, 5],
        "opened_at": pd.to_datetime(["2026-01-02 10:00", "2026-01-03 00:00"]),
        "resolved_at": pd.to_datetime(["2026-01-02 12:00", "2026-01-04 00:00"]),
    })  # fmt: skip
    tickets.to_parquet(data / "tickets-2026-01.parquet")
    (data / "survey-2026-01.jsonl").write_text(
        '{"respondent": "r1", "team": "N", "answered_on": "2026-01-09", "trust": 7}\n'
        '{"respondent": "r2", "team": "S", "answered_on": "2026-01-10", "trust": 9}\n'
    )
    config = load_config(propose(data, tmp_path / "config").target)
    kinds = {name: extract.kind.value for name, extract in config.extracts.items()}
    assert kinds == {"people": "hr", "sales": "sales", "tickets": "service", "survey": "pulse"}
    assert config.metrics["satisfaction"].value == "avg(csat)"
    assert config.metrics["hours_to_done"].unit.value == "hours"
    trust = config.metrics["trust"]
    assert trust.survey is not None
    assert trust.survey.respondent == "respondent"
    assert config.extracts["survey"].team == "team"


@pytest.mark.parametrize(
    ("codes", "currency", "said"),
    [
        (("EUR", "EUR"), "EUR", "The currency EUR stands beside amounts."),
        (("sek", "sek"), "SEK", "The currency SEK stands beside amounts."),
        (("EUR", "USD"), "EUR", "Others occur: USD. They need exchange_rates."),
        (("PCS", "PCS"), "USD", "No file names a currency; USD is a placeholder."),
    ],
    ids=["in its own column", "in small letters", "two", "no currency"],
)
def test_the_currency_is_told_by_the_column_that_names_it(
    tmp_path: Path, codes: tuple[str, str], currency: str, said: str
) -> None:
    first, second = SALES.splitlines()[1:]
    sales = f"order_id,sold_by,order_date,amount,currency\n{first},{codes[0]}\n{second},{codes[1]}\n"
    proposal = proposed(tmp_path, {"people.csv": PEOPLE, "sales.csv": sales})
    assert load_config(proposal.target).company.currency == currency
    assert said in " ".join(proposal.doubts)


def test_what_must_be_confirmed_is_said(tmp_path: Path) -> None:
    sales = "order_id,sold_by,order_date,amount,gender\n1,A1,03/04/2026,€ 1.234,f\n2,X9,05/06/2026,€ 2.345,m\n"
    proposal = proposed(tmp_path, {"people.csv": PEOPLE, "sales.csv": sales})
    doubts = " | ".join(next(one.doubts for one in proposal.extracts if one.kind is ExtractKind.SALES))
    assert "day first or month first" in doubts
    assert "can be read two ways" in doubts
    assert "1 of 2 ids in “sold_by” are not in hr (X9)" in doubts
    assert "“gender” is personal data and was left out" in doubts
    assert "EUR" in " ".join(proposal.doubts)
    written = (proposal.target / "extracts.yaml").read_text()
    assert written.count("# CONFIRM") >= 4


def test_a_file_of_the_policy_channel_is_left_out_and_said(tmp_path: Path) -> None:
    absences = "employee_id,date,Disciplinary failure\nA1,2026-01-02,0\n"
    files: dict[str, str | bytes] = {"people.csv": PEOPLE, "sales-2026-01.csv": SALES, "absences.csv": absences}
    proposal = proposed(tmp_path, files)
    assert [one.file for one in proposal.not_understood] == ["absences.csv"]
    assert "Disciplinary failure" in proposal.not_understood[0].reason
    assert set(load_config(proposal.target).extracts) == {"people", "sales"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "is empty"),
        ({"scan.pdf": "%PDF-1.7"}, "None of the 1 file"),
        ({"empty.csv": ""}, "it is empty|It is empty"),
        ({"sales-2026-01.csv": SALES}, "No file lists your people.*order_id, sold_by"),
        ({"people.csv": PEOPLE}, "Nothing to measure"),
        ({"people.csv": PEOPLE, "things.csv": "colour,size\nred,1\n"}, "Nothing to measure.*colour, size"),
        ({"people.csv": "employee_id,name,role\nA1,Associate 1,Seller\n"}, "No file lists your people"),
    ],
    ids=["empty", "unreadable", "empty file", "no people", "only people", "unknown headings", "no team"],
)
def test_too_little_is_refused_with_what_was_seen(tmp_path: Path, files: dict[str, str | bytes], message: str) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(RefusedError, match=message) as caught:
        proposed(tmp_path, files)
    assert caught.value.fix
    assert not (tmp_path / "config").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder_with(tmp_path / "config", {"metrics.yaml": "mine: {}\n"})
    with pytest.raises(UsageError, match=r"metrics\.yaml exists already"):
        proposed(tmp_path, {"people.csv": PEOPLE, "sales-2026-01.csv": SALES})
    assert [path.name for path in (tmp_path / "config").iterdir()] == ["metrics.yaml"]
    assert (tmp_path / "config" / "metrics.yaml").read_text() == "mine: {}\n"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        propose(tmp_path / "none", tmp_path / "config")


def test_the_same_folder_gives_the_same_files(tmp_path: Path) -> None:
    data = folder_with(tmp_path / "data", {"people.csv": PEOPLE, "sales-2026-01.csv": SALES})
    first, second = propose(data, tmp_path / "one"), propose(data, tmp_path / "two")
    assert [path.read_bytes() for path in first.written] == [path.read_bytes() for path in second.written]


def test_odd_headings_and_names_still_load(tmp_path: Path) -> None:
    sales = "Order,Sold By,Order Date,Amount: net,金額,'quoted',order,#\n"
    sales += "1,A1,2026-01-05,1.5,3.25,x,y,z\n"
    proposal = proposed(tmp_path, {"people.csv": PEOPLE, "sales [final] 2026-01.csv": sales})
    config = load_config(proposal.target)
    headings = {declared.source for declared in config.extracts["sales_final"].columns.values()}
    assert {"Amount: net", "金額", "'quoted'", "#"} <= headings
    assert "order" in proposal.extracts[1].left_out, "Order and order are told apart by nobody"


@pytest.mark.parametrize(
    ("file", "pattern", "month"),
    [
        ("sales-2026-01.csv", "sales-{month}.csv", Month(2026, 1)),
        ("sales_202601.csv", "sales_{year}{mm}.csv", Month(2026, 1)),
        ("2026/01/sales.csv", "{year}/{mm}/sales.csv", Month(2026, 1)),
        ("sales_01-2026.csv", "sales_{mm}-{year}.csv", Month(2026, 1)),
        ("hr-2026-01-31.csv", "hr-{month}-*.csv", Month(2026, 1)),
        ("hr20260131.csv", "hr{year}{mm}*.csv", Month(2026, 1)),
        ("sales-2026.csv", "sales-2026.csv", None),
        ("sales-2026-13.csv", "sales-2026-13.csv", None),
        ("order 12345678.csv", "order 12345678.csv", None),
        ("sales[1].csv", "sales[[]1].csv", None),
    ],
)
def test_the_month_is_found_in_a_name(file: str, pattern: str, month: Month | None) -> None:
    assert month_pattern(file) == (pattern, month)


@pytest.mark.parametrize(
    ("values", "kind", "decimal", "thousands", "dates"),
    [
        (["1.234,50", "99,00"], ColumnType.NUMBER, ",", ".", "iso"),
        (["1,234.50", "99.00"], ColumnType.NUMBER, ".", ",", "iso"),
        (["1'234.50", "99.00"], ColumnType.NUMBER, ".", "'", "iso"),
        (["1 234,50", "99,00"], ColumnType.NUMBER, ",", "", "iso"),
        (["12", "-3"], ColumnType.INTEGER, ".", "", "iso"),
        (["€ 12.50", "€ 3.00"], ColumnType.MONEY, ".", "", "iso"),
        (["12.5%", "3%"], ColumnType.PERCENT, ".", "", "iso"),
        (["2026-01-31", "NULL"], ColumnType.DATE, ".", "", "iso"),
        (["2026-01-31T10:00:00Z"], ColumnType.TIMESTAMP, ".", "", "iso"),
        (["31.01.2026", "01.02.2026"], ColumnType.DATE, ".", "", "day_first"),
        (["31/01/26"], ColumnType.DATE, ".", "", "day_first"),
        (["01/31/2026"], ColumnType.DATE, ".", "", "month_first"),
        (["20260131", "20260201"], ColumnType.DATE, ".", "", "%Y%m%d"),
        (["yes", "no"], ColumnType.BOOLEAN, ".", "", "iso"),
        (["North", "NULL"], ColumnType.TEXT, ".", "", "iso"),
    ],
)
def test_how_values_are_written_is_told_from_them(
    values: list[str], kind: ColumnType, decimal: str, thousands: str, dates: str
) -> None:
    described, seen = describe(pd.DataFrame({"x": pd.Series(values, dtype="object")}))
    marks, doubts = marks_of(seen, comma_likely=False)
    assert (described["x"].type, marks.decimal, marks.thousands, marks.dates) == (kind, decimal, thousands, dates)
    assert marks.missing == (("NULL",) if "NULL" in values else ())
    assert doubts == []


def test_words_are_compared_without_case_accents_and_separators() -> None:
    assert {plain(text) for text in ("Gültig_ab", "gueltig-ab", "gültigAb", " GÜLTIG AB ")} == {"gueltig ab"}
