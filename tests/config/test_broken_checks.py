"""Whatever is wrong with checks, corrections and control extracts is told with its place and remedy."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_config
from tests.config.minimal import FILES, write_minimal

Overrides = Mapping[str, str | None]
Case = tuple[str, Overrides, tuple[str, ...]]

VISITS = """\
visits:
  kind: service
  source: {files: visits/*.csv, month_by: begun}
  columns:
    visit_id: id
    leg: integer
    begun: timestamp
    day: date
    share: percent
    open: boolean
    note: text
  key: [visit_id, leg]
"""
CONTROL = """\
totals:
  kind: control
  source: {files: totals.csv, month_by: month}
  columns:
    extract: {from: Source}
    month: {}
    rows: {from: Count}
    total:
"""
EXTRACTS = FILES["extracts.yaml"] + VISITS + CONTROL
assert [EXTRACTS.splitlines()[n - 1] for n in (26, 38)] == ["visits:", "totals:"], "lines told below"


def suite(text: str) -> Overrides:
    return {"checks": text}


def check(text: str, extract: str = "orders") -> Overrides:
    """checks.yaml with one check, in its third line."""
    return suite(f"{extract}:\n  checks:\n    - {{{text}}}\n")


def corrections(*lines: str, heading: str = "extract,key,column,old,new,reason,owner") -> Overrides:
    return {"corrections": "\n".join([heading, *lines, ""])}


def rule(text: str) -> Overrides:
    """A rule of orders in line 27, its keys in the lines from there on."""
    first, *others = text.splitlines()
    lines = "\n".join([f"    - {first}", *(f"      {line}" for line in others)])
    return {"extracts": EXTRACTS.replace("visits:\n", f"  correct:\n{lines}\nvisits:\n", 1)}


def control(*changes: tuple[str, str]) -> Overrides:
    text = CONTROL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return {"extracts": EXTRACTS.replace(CONTROL, text)}


def metric(old: str, new: str) -> Overrides:
    assert old in FILES["metrics.yaml"]
    return {"metrics": FILES["metrics.yaml"].replace(old, new, 1)}


WHY = "why: Booked twice\nowner: Shop"
SUITES: list[Case] = [
    ("extract unknown", check("column: amount, not_null: true", "order"),
     ("checks.yaml:1 (order)", "“order” is no extract", "Did you mean orders?")),
    ("above the names", suite("checks:\n  orders:\n    checks: []\n"), ("checks.yaml:1", "names stand at the top")),
    ("list of checks", suite("orders:\n  - {column: amount, not_null: true}\n"),
     ("checks.yaml:1 (orders)", "A list stands here", "Write checks: above it")),
    ("suite empty", suite("orders:\n"), ("checks.yaml:1 (orders)", "Nothing stands here")),
    ("key of a suite", suite("orders:\n  check: []\n"), ("checks.yaml:2 (orders.check)", "Did you mean checks?")),
    ("limit", suite("orders:\n  set_aside_limit: 5\n"), ("checks.yaml:2 (orders.set_aside_limit)", "at most 1")),
    ("kind misspelt", check("column: amount, beetween: {min: 0}"),
     ("checks.yaml:3 (orders.checks[1].beetween)", "Did you mean between?")),
    ("nothing asked", check("column: amount"),
     ("checks.yaml:3 (orders.checks[1])", "asks nothing", "not_null, unique")),
    ("two asked", check("column: amount, not_null: true, unique: true"),
     ("checks.yaml:3", "asks not_null and unique", "a check of its own")),
    ("no column", check("not_null: true"), ("checks.yaml:3", "“not_null” does not say of which column")),
    ("two columns", check("column: [amount, sold_on], not_null: true"), ("checks.yaml:3", "one column, not of 2")),
    ("column of a condition", check("column: amount, condition: amount > 0"), ("checks.yaml:3", "Take column away")),
    ("asked with false", check("column: amount, not_null: false"),
     ("checks.yaml:3 (orders.checks[1].not_null)", "“false” cannot stand here", "Write true")),
    ("severity", check("column: amount, not_null: true, severity: criticl"), ("checks.yaml:3", "mean critical?")),
    ("tolerance in percent", check("column: amount, not_null: true, tolerance: 2"),
     ("checks.yaml:3 (orders.checks[1].tolerance)", "“2”", "less than 1")),
    ("column unknown", check("column: amuont, not_null: true"),
     ("checks.yaml:3 (orders.checks[1].column)", "“amuont” is no column of orders", "Did you mean amount?")),
    ("second column unknown", check("column: [order_id, sold_buy], unique: true"),
     ("(orders.checks[1].column[2])", "“sold_buy”", "Did you mean sold_by?")),
    ("column twice", check("column: [order_id, order_id], unique: true"), ("checks.yaml:3", "“order_id” stands twice")),
    ("other type", check("column: amount, of_type: number"),
     ("checks.yaml:3 (orders.checks[1].of_type)", "declared as money, not as number", "of_type: money")),
    ("no type", check("column: amount, of_type: mony"), ("checks.yaml:3", "“mony”", "Did you mean money?")),
    ("type of a text", check("column: segment, of_type: text"), ("checks.yaml:3", "any text", "plain")),
    ("range of a text", check("column: segment, between: {min: 0}"),
     ("checks.yaml:3 (orders.checks[1].column)", "“segment” is of type text", "amount")),
    ("range without bounds", check("column: amount, between: {}"), ("checks.yaml:3", "No bound", "min, max or both")),
    ("bound is a word", check("column: amount, between: {min: none}"),
     ("checks.yaml:3 (orders.checks[1].between.min)", "“none” is neither a number nor a date")),
    ("bound is a German day", check("column: sold_on, between: {max: 31.12.2026}"),
     ("checks.yaml:3 (orders.checks[1].between.max)", "“31.12.2026” is neither", "2026-10-31")),
    ("bound is true", check("column: amount, between: {min: true}"), ("“true” is neither a number nor a date",)),
    ("bound is no end", check("column: amount, between: {max: .inf}"), ("“Infinity” is neither",)),
    ("day for an amount", check("column: amount, between: {min: 2026-01-01}"),
     ("checks.yaml:3 (orders.checks[1].between.min)", "“2026-01-01” is a date", "Write a number")),
    ("number for a day", check("column: sold_on, between: {min: 2026}"), ("“2026” is a number", "year-month-day")),
    ("number for a moment", check("column: begun, between: {max: 5}", "visits"), ("“5” is a number", "timestamp")),
    ("upside down", check("column: amount, between: {min: 10, max: 1}"),
     ("checks.yaml:3 (orders.checks[1].between)", "smallest (10) is above the largest (1)")),
    ("days upside down", check("column: sold_on, between: {min: 2026-02-01, max: 2026-01-01}"), ("above the largest",)),
    ("share in percent", check("column: share, between: {max: 100}", "visits"),
     ("checks.yaml:3 (visits.checks[1].between.max)", "would be 10000%", "Write a share: 1 for 100%")),
    ("set of numbers", check("column: amount, one_of: ['1', '2']"), ("“amount” is of type money", "id or text")),
    ("set of codes", check("column: leg, one_of: ['1', '2']", "visits"),
     ("checks.yaml:3 (visits.checks[1].column)", "type integer", "Write condition: “leg in (1, 2)”")),
    ("set of yes and no", check("column: open, one_of: 'true'", "visits"), ("Write condition: “open in (true)”",)),
    ("set empty", check("column: segment, one_of: []"), ("checks.yaml:3 (orders.checks[1].one_of)", "No value")),
    ("number in a set", check("column: segment, one_of: [A, 7]"), ("one_of[2]", "“7” is not a text", "'7'")),
    ("pattern of a number", check("column: amount, matches: '[0-9]+'"), ("checks.yaml:3", "type money")),
    ("pattern empty", check("column: segment, matches: ''"), ("checks.yaml:3", "pattern is empty")),
    ("pattern open", check("column: segment, matches: '[A-Z'"),
     ("checks.yaml:3 (orders.checks[1].matches)", "“[A-Z” is no regular expression", "Check brackets")),
    ("pattern looks ahead", check("column: segment, matches: 'A(?=B)'"), ("“A(?=B)” looks around", "RE2")),
    ("pattern looks back", check(r"column: segment, matches: '(A)\1'"), ("looks around or back",)),
    ("pattern too long", check("column: segment, matches: 'A{2000}'"), ("repetition size",)),
    ("pattern of another engine", check("column: segment, matches: '[[:alpha:]]+'"), ("a set stands inside a set",)),
    ("month of an amount", check("column: amount, in_month: true"), ("checks.yaml:3", "date or timestamp: sold_on")),
    ("plain number", check("column: amount, plain: true"), ("checks.yaml:3", "It needs id or text")),
    ("refers to none", check("column: sold_by, refers_to: {extract: visit}"),
     ("checks.yaml:3 (orders.checks[1].refers_to.extract)", "“visit” is no extract", "Did you mean visits?")),
    ("refers without column", check("column: order_id, refers_to: {extract: visits}"),
     ("checks.yaml:3 (orders.checks[1].refers_to)", "column of visits is not named", "column: …")),
    ("refers to no column", check("column: order_id, refers_to: {extract: visits, column: visit}"),
     ("checks.yaml:3 (orders.checks[1].refers_to.column)", "“visit” is no column of visits", "visit_id?")),
    ("refers to another type", check("column: order_id, refers_to: {extract: visits, column: day}"), ("type date",)),
    ("refers to itself", check("column: order_id, refers_to: {extract: orders, column: order_id}"), ("to itself",)),
    ("refers to totals", check("column: segment, refers_to: {extract: totals, column: extract}"), ("holds totals",)),
    ("amount of a person", check("column: amount, refers_to: {extract: hr}"), ("type money", "id or text")),
    ("condition unknown column", check("condition: amuont > 0"),
     ("checks.yaml:3 (orders.checks[1].condition)", "“amuont”", "Did you mean amount?")),
    ("condition is none", check("condition: amount"), ("“amount” is no condition",)),
    ("condition is a length", check("condition: length(segment)"), ("“length(segment)” is no condition",)),
    ("condition of mixed types", check("condition: segment > 3"), ("checks.yaml:3", "“segment > 3” cannot be worked")),
    ("condition with the clock", check("condition: sold_on <= today()"), ("depends on the clock",)),
    ("condition with a sum", check("condition: sum(amount) > 0"), ("has an aggregate",)),
    ("where unreadable", check("column: amount, not_null: true, where: segment ="),
     ("checks.yaml:3 (orders.checks[1].where)", "cannot be read as SQL")),
    ("rows below none", check("rows: {min: -1}"), ("checks.yaml:3 (orders.checks[1].rows.min)", "“-1” is no number")),
    ("rows and a half", check("rows: {max: 1.5}"), ("“1.5” is no number of rows", "whole number")),
    ("rows as a day", check("rows: {max: 2026-01-01}"), ("“2026-01-01” is no number of rows",)),
    ("rows upside down", check("rows: {min: 5, max: 4}"), ("(orders.checks[1].rows)", "above the largest")),
    ("rows with tolerance", check("rows: {min: 5}, tolerance: 0.1"), ("(orders.checks[1].tolerance)", "widen")),
    ("rows set aside", check("rows: {min: 5}, set_aside: true"), ("(orders.checks[1].set_aside)", "no row")),
    ("rows of some", check("rows: {min: 5}, where: amount > 0"), ("(orders.checks[1].where)", "every row of the")),
    ("unknown set aside", check("column: sold_by, refers_to: {extract: hr}, set_aside: true"),
     ("checks.yaml:3 (orders.checks[1].set_aside)", "never set aside", "severity: critical")),
    ("people set aside", check("column: team, not_null: true, set_aside: true", "people"),
     ("checks.yaml:3 (people.checks[1].set_aside)", "Rows of people are never set aside")),
    ("one name twice", suite("orders:\n  checks:\n    - {condition: amount > 0}\n    - {condition: amount < 9}\n"),
     ("checks.yaml:4 (orders.checks[2])", "“condition” is the name of check 1", "name: …")),
    ("name as by default",
     suite("orders:\n  checks:\n    - {column: amount, not_null: true}\n"
           "    - {name: amount_not_null, condition: amount < 9}\n"),
     ("checks.yaml:4 (orders.checks[2].name)", "“amount_not_null” is the name of check 1")),
    ("name in capitals", check("name: Amount, condition: amount > 0"), ("(orders.checks[1].name)", "not a name")),
    ("accepted name", suite("orders:\n  accepted:\n    - {check: orders.rows, month: 2026-10, why: Closed, by: Me}\n"),
     ("checks.yaml:3 (orders.accepted[1].check)", "“orders.rows” is not a name")),
    ("accepted by nobody", suite("orders:\n  accepted:\n    - {check: rows, month: 2026-10, why: Closed}\n"),
     ("checks.yaml:3 (orders.accepted[1].by)", "“by” is missing")),
    ("accepted without a word", suite("orders:\n  accepted:\n    - {check: rows, month: 2026-10, why: ok, by: Me}\n"),
     ("checks.yaml:3 (orders.accepted[1].why)", "“ok” is too short")),
    ("accepted twice",
     suite("orders:\n  accepted:\n" + 2 * "    - {check: rows, month: 2026-10, why: Closed, by: Me}\n"),
     ("checks.yaml:4 (orders.accepted[2])", "accepted twice")),
]  # fmt: skip
CORRECTIONS: list[Case] = [
    ("no such extract", corrections("order,7,amount,1,2,Typing error,Shop"),
     ("corrections.csv:2 (extract)", "“order” is no extract", "Did you mean orders?")),
    ("no such column", corrections("orders,7,amuont,1,2,Typing error,Shop"),
     ("corrections.csv:2 (column)", "“amuont” is no column of orders", "Did you mean amount?")),
    ("extract without key", corrections("people,7,team,A,B,Moved in May,HR"),
     ("corrections.csv:2 (extract)", "people has no key", "Declare key: in extracts.yaml")),
    ("part of a key", corrections("visits,7,note,A,B,Typing error,Shop"),
     ("corrections.csv:2 (key)", "“7” has 1 value,", "2 columns", "Write visit_id|leg")),
    ("more than a key", corrections("orders,7|1,amount,1,2,Typing error,Shop"),
     ("corrections.csv:2 (key)", "“7|1” has 2 values", "one column", "the value of order_id")),
    ("space around a key", corrections("orders, 7,amount,1,2,Typing error,Shop"), ("(key)", "“ 7” begins or ends")),
    ("space inside a key", corrections("visits,7 | 1,note,A,B,Typing error,Shop"), ("(key)", "no space beside |")),
    ("nothing changes", corrections("orders,7,amount,1,1,Typing error,Shop"),
     ("corrections.csv:2 (new)", "old and new are the same: “1”")),
    ("nothing becomes nothing", corrections("orders,7,amount,,,Typing error,Shop"), ("are the same: nothing",)),
    ("one value twice", corrections("orders,7,amount,1,2,Typing error,Shop", "orders,7,amount,2,3,Again,Shop"),
     ("corrections.csv:3 (key)", "amount of “7” is corrected in line 2 too")),
    ("reason missing", corrections("orders,7,amount,1,2,,Shop"), ("corrections.csv:2 (reason)", "“reason” is missing")),
    ("reason too short", corrections("orders,7,amount,1,2,ok,Shop"), ("(reason)", "“ok” is too short")),
    ("owner missing", corrections("orders,7,amount,1,2,Typing error"), ("corrections.csv:2 (owner)", "is missing")),
    ("key missing", corrections("orders,,amount,1,2,Typing error,Shop"), ("corrections.csv:2 (key)", "is missing")),
    ("column line", corrections("orders,7,amount,1,2,Typing error,Shop,4",
     heading="extract,key,column,old,new,reason,owner,line"), ("corrections.csv:1", "“line” is no column")),
    ("heading without owner", corrections("orders,7,amount,1,2,Typo", heading="extract,key,column,old,new,reason"),
     ("corrections.csv:1", "The column owner is missing")),
    ("too many values", corrections("orders,7,amount,1,2,Typo, not checked,Shop"), ("corrections.csv:2", "8 values")),
    ("rule of an unknown column", rule(f"where: status = 'x'\nset: {{amount: '''0'''}}\n{WHY}"),
     ("extracts.yaml:27 (orders.correct[1].where)", "“status”")),
    ("rule that takes a text for a number", rule(f"where: amount > 1000\nset: {{amount: '''0'''}}\n{WHY}"),
     ("extracts.yaml:27 (orders.correct[1].where)", "“amount > 1000” cannot", "as landed", "try_cast")),
    ("rule sets an unknown column", rule(f"where: segment = 'x'\nset:\n  segmet: upper(segment)\n{WHY}"),
     ("extracts.yaml:29 (orders.correct[1].set.segmet)", "no column of orders", "Did you mean segment?")),
    ("rule sets a bare word", rule(f"where: segment = 'x'\nset: {{segment: retail}}\n{WHY}"),
     ("extracts.yaml:28 (orders.correct[1].set.segment)", "“retail” is no column", "\"'retail'\"")),
    ("rule negates a text", rule(f"where: segment = 'x'\nset: {{amount: -amount}}\n{WHY}"),
     ("extracts.yaml:28 (orders.correct[1].set.amount)", "“-amount” cannot be worked out", "as landed")),
    ("rule with a sum", rule(f"where: segment = 'x'\nset: {{amount: sum(amount)}}\n{WHY}"), ("has an aggregate",)),
    ("rule with a query", rule(f"where: segment = 'x'\nset: {{amount: (select 1)}}\n{WHY}"), ("query of its own",)),
    ("rule with the clock", rule(f"where: segment = 'x'\nset: {{amount: now()}}\n{WHY}"), ("on the clock",)),
    ("rule with an unknown function", rule(f"where: segment = 'x'\nset: {{amount: mend(amount)}}\n{WHY}"),
     ("mend", "does not exist", "DuckDB's functions")),
    ("rule sets nothing", rule(f"where: segment = 'x'\nset: {{}}\n{WHY}"),
     ("extracts.yaml:28 (orders.correct[1].set)", "Nothing is listed")),
    ("rule ends early", rule(f"where: segment = 'x'\nset: {{amount: '''0'''}}\nfrom: 2026-05\nto: 2026-04\n{WHY}"),
     ("extracts.yaml:30 (orders.correct[1].to)", "ends (2026-04) before it begins (2026-05)")),
    ("rule without owner", rule("where: segment = 'x'\nset: {amount: '''0'''}\nwhy: Booked twice"),
     ("(orders.correct[1].owner)", "“owner” is missing")),
]  # fmt: skip
OTHERS: list[Case] = [
    ("control column", control(("rows:", "row_count:")),
     ("extracts.yaml:44 (totals.columns.row_count)", "no column of a control extract", "Its columns are: currency")),
    ("control column with a type", control(("total:", "sum: number")),
     ("extracts.yaml:45 (totals.columns.sum)", "no column of a control extract", "extract, month, rows, total")),
    ("control type", control(("month: {}", "month: text")),
     ("extracts.yaml:43 (totals.columns.month.type)", "in a control extract it is date", "Leave the type away")),
    ("control without month", control(("    month: {}\n", ""), (", month_by: month", "")),
     ("extracts.yaml:41 (totals.columns)", "has no column month")),
    ("control without extract", control(("    extract: {from: Source}\n", "")), ("(totals.columns)", "column extract")),
    ("control without totals", control(("    rows: {from: Count}\n    total:\n", "")),
     ("extracts.yaml:41 (totals.columns)", "neither rows nor total")),
    ("control dated", control(("  columns", "  date: rows\n  columns")), ("extracts.yaml:41", "by its month")),
    ("control of people", control(("  columns", "  associate: extract\n  columns")),
     ("extracts.yaml:41 (totals.associate)", "means nothing for a control extract")),
    ("metric of totals", metric("extract: orders", "extract: totals"),
     ("metrics.yaml:3 (revenue.extract)", "“totals” holds totals")),
    ("depends on no extract", metric("unit:", "depends_on: [visit.amount_between]\n  unit:"),
     ("metrics.yaml:5 (revenue.depends_on[1])", "“visit” is no extract", "Did you mean visits?")),
    ("depends on no check", metric("unit:", "depends_on: [visits.Leg in range]\n  unit:"),
     ("metrics.yaml:5 (revenue.depends_on[1])", "names no check of visits", "visits.amount_between")),
    ("depends on an empty check", metric("unit:", "depends_on: [visits.]\n  unit:"), ("names no check of visits",)),
]  # fmt: skip
CASES = [*SUITES, *CORRECTIONS, *OTHERS]


@pytest.mark.parametrize(("overrides", "parts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_broken_is_told_with_its_place_and_remedy(
    tmp_path: Path, overrides: Overrides, parts: tuple[str, ...]
) -> None:
    directory = write_minimal(tmp_path / "config", **{"extracts": EXTRACTS, **overrides})
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    message = str(caught.value)
    assert [part for part in parts if part not in message] == [], message
    assert len(message.splitlines()) <= 2, message
    assert message.count("checks.yaml") <= 1, "one fault is told once"
    for jargon in ("pydantic", "Input should", "Traceback", "Binder", "DuckDBPy", "sqlglot"):
        assert jargon not in message
    assert caught.value.exit_status == 2


def test_all_faults_are_told_together_though_one_check_cannot_be_read(tmp_path: Path) -> None:
    """A check that is wrong in itself does not hide what is wrong with its neighbours."""
    checks = """\
orders:
  checks:
    - {column: amount, betwen: {min: 0}}
    - {column: amuont, not_null: true}
    - {column: segment, in_month: true}
visit:
  over_time: false
"""
    lines = "orders,7,amuont,1,2,Typing error,Shop", "orders,8,amount,1,1,Typing error,Shop"
    directory = write_minimal(tmp_path, extracts=EXTRACTS, checks=checks, **corrections(*lines))
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    told = [caught.value, *caught.value.also]
    assert [(error.place.file.name, error.place.line) for error in told if error.place] == [
        ("checks.yaml", 3), ("checks.yaml", 4), ("checks.yaml", 5), ("checks.yaml", 6), ("corrections.csv", 2),
        ("corrections.csv", 3),
    ]  # fmt: skip


def test_what_stands_in_a_broken_extract_is_not_told_again_of_its_checks(tmp_path: Path) -> None:
    directory = write_minimal(
        tmp_path,
        extracts=EXTRACTS.replace("amount: money", "amount: mony"),
        **{**check("column: amount, between: {min: 0}"), **corrections("orders,7,amount,1,2,Typing error,Shop")},
    )
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert [error.place.file.name for error in (caught.value, *caught.value.also) if error.place] == ["extracts.yaml"]
