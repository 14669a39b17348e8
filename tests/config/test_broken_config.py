"""Whatever is wrong with a configuration is told once, with file, line, key, the value and what would be right."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_config
from tests.config.minimal import FILES, changed, write_minimal

Overrides = Mapping[str, str | None]

_SERVICE = """\
  kind: sales
  source:
    files: orders/{month}.csv
"""
_QUERY = """\
  kind: sales
  source:
    tables:
      heads: {files: "heads/{month}.csv"}
      lines: {url: "postgresql://shop@host/shop", table: lines}
    query: select * from heads join lines using (order_id)
"""


def extracts(old: str, new: str) -> dict[str, str | None]:
    return {"extracts": changed("extracts.yaml", old, new)}


def metrics(old: str, new: str) -> dict[str, str | None]:
    return {"metrics": changed("metrics.yaml", old, new)}


def company(old: str, new: str) -> dict[str, str | None]:
    return {"company": changed("company.yaml", old, new)}


def source(text: str) -> dict[str, str | None]:
    return extracts(_SERVICE, f"  kind: sales\n  source:\n{text}")


def rules(text: str) -> dict[str, str | None]:
    return {"expectations": f"rules:\n{text}"}


CASES: list[tuple[str, Overrides, tuple[str, ...]]] = [
    # -- YAML itself
    ("tab", company("currency: EUR", "books_close:\n\tworking_day: 3"), ("company.yaml:3", "tab", "spaces")),
    ("indent", company("currency", "  currency"), ("company.yaml:2", "Line up keys")),
    ("empty", {"company": ""}, ("company.yaml: The file is empty",)),
    ("only comments", {"metrics": "# nothing yet\n"}, ("metrics.yaml: The file is empty",)),
    ("list for mapping", {"metrics": "- revenue\n"}, ("metrics.yaml:1: A list stands here", "mapping")),
    ("key twice", company("currency: EUR", "name: Other"), ("company.yaml:2 (name)", "stands twice", "line 1")),
    ("bare star", extracts("  key: order_id", "  not_people: [*]"), ("extracts.yaml", "Put a text", "in quotes")),
    ("unclosed bracket", extracts("key: order_id", "key: [order_id"), ("extracts.yaml", "bracket opened in line 22")),
    ("second document", company("currency", "---\ncurrency"), ("company.yaml:2", "one document")),
    ("own tag", company("EUR", "!!python/name:os.system EUR"), ("company.yaml:2 (currency)", "tag")),
    # -- files
    ("file missing", {"metrics": None}, ("metrics.yaml: metrics.yaml is missing",)),
    # -- single values
    ("unknown key", company("currency", "curency"), ("company.yaml:2 (curency)", "Did you mean currency?")),
    ("key missing", company("currency: EUR\n", ""), ("company.yaml (currency): “currency” is missing", "ISO 4217")),
    ("no currency", company("EUR", "EUX"), ("company.yaml:2 (currency)", "“EUX” is no currency")),
    ("currency small", company("EUR", "eur"), ("company.yaml:2 (currency)", "“eur”", "three capital letters")),
    ("no zone", company("Europe/Berlin", "Europe/Berln"), ("company.yaml:3", "Did you mean Europe/Berlin?")),
    ("no locale", company("time_zone", "locale: xx_QQ\ntime_zone"), ("company.yaml:3 (locale)", "“xx_QQ”")),
    ("no holidays", company("time_zone", "holidays: DE-BX\ntime_zone"), ("company.yaml:3 (holidays)", "“BX”", "BY")),
    ("number out of bounds", company("time_zone", "smallest_survey_group: 3\ntime_zone"),
     ("company.yaml:3 (smallest_survey_group)", "“3” is out of bounds", "at least 5")),
    ("nested number", company("time_zone", "books_close: {working_day: fifth}\ntime_zone"),
     ("company.yaml:3 (books_close.working_day)", "“fifth” is no whole number")),
    ("number for text", company("Minimal", "0012"), ("company.yaml:1 (name)", "“0012” is not a text", "'0012'")),
    ("no exchange rates", company("time_zone", "exchange_rates: rates.csv\ntime_zone"),
     ("company.yaml:3 (exchange_rates)", "“rates.csv” is not there")),
    # -- extracts
    ("unknown kind", extracts("kind: sales", "kind: sale"), ("extracts.yaml:13 (orders.kind)", "Did you mean sales?")),
    ("unknown type", extracts("amount: money", "amount: mony"),
     ("extracts.yaml:20 (orders.columns.amount.type)", "“mony”", "Did you mean money?", "from: mony")),
    ("bad column name", extracts("    amount: money", "    Net Amount: money"),
     ("extracts.yaml:20 (orders.columns.Net Amount)", "“Net Amount” is not a name", "net_sales")),
    ("SQL word as name", extracts("    segment: text", "    order: text"), ("extracts.yaml:21", "word of SQL")),
    ("one heading twice", extracts("segment: text", "segment: {type: text, from: Amount}"),
     ("extracts.yaml:21 (orders.columns.segment)", "“segment” and “amount” both read")),
    ("key undeclared", extracts("key: order_id", "key: [order_id, order_line]"),
     ("extracts.yaml:22 (orders.key[2])", "“order_line” is no column of orders", "order_id")),
    ("date no date", extracts("date: sold_on", "date: amount"),
     ("extracts.yaml:23", "type money", "date or timestamp: s")),
    ("measure no number", extracts("main_measure: amount", "main_measure: segment"), ("extracts.yaml:25", "type text")),
    ("associate and team", extracts("associate: sold_by", "associate: sold_by\n  team: segment"),
     ("extracts.yaml:25 (orders.team)", "Both associate and team")),
    ("exclude unreadable", extracts("  main_measure: amount", "  exclude:\n    - where: amount >\n      why: Tests"),
     ("extracts.yaml:26 (orders.exclude[1].where)", "cannot be read as SQL")),
    ("exclude unknown column", extracts("  main_measure: amount", "  exclude:\n    - {where: amont > 1, why: Test}"),
     ("extracts.yaml:26", "“amont”", "Did you mean amount?")),
    ("credit share", extracts("main_measure: amount", "credit: {deal: order_id, share: amount}"),
     ("extracts.yaml:25 (orders.credit.share)", "number or percent")),
    ("policy column", extracts("    segment: text", "    warning_letters: integer"),
     ("extracts.yaml:21 (orders.columns.warning_letters)", "policy violations", "Take the column away")),
    ("policy heading", extracts("segment: text", "note: {type: text, from: Anzahl Abmahnungen}"),
     ("extracts.yaml:21", "“Anzahl Abmahnungen”")),
    ("unknown identities", {**extracts("main_measure: amount", "identities: shop"),
     "identities": "source,source_id,associate\nshopp,1,A1\n"},
     ("extracts.yaml:25 (orders.identities)", "“shop”", "Did you mean shopp?")),
    # -- sources
    ("source typo", source("    file: orders.csv\n"), ("extracts.yaml:15 (orders.source.file)", "Did you mean files?")),
    ("source is text", extracts("  source:\n    files: orders/{month}.csv", "  source: orders.csv"),
     ("extracts.yaml:14 (orders.source)", "This says no source", "files:", "url:", "tables:")),
    ("key of another source", source("    files: orders/{month}.csv\n    table: orders\n"),
     ("extracts.yaml:16 (orders.source.table)", "no key of a files source")),
    ("same file each month", source("    files: orders.csv\n"), ("extracts.yaml:15", "{month}", "month_by")),
    ("unknown placeholder", source("    files: orders/{moth}.csv\n    month_by: sold_on\n"),
     ("extracts.yaml:15", "“{moth}”", "Did you mean month?")),
    ("month_by undeclared", source("    files: all.csv\n    month_by: sold\n"),
     ("extracts.yaml:16 (orders.source.month_by)", "“sold” is no column of orders")),
    ("decimal is grouping", source("    files: o/{month}.csv\n    decimal: ','\n    thousands: ','\n"),
     ("extracts.yaml:17 (orders.source.thousands)", "both the decimal and the grouping mark")),
    ("date format", source("    files: o/{month}.csv\n    dates: german\n"), ("extracts.yaml:16", "day_first")),
    ("password", source("    url: postgresql://shop:hunter2@host/shop\n    table: orders\n"),
     ("extracts.yaml:15 (orders.source.url)", "A password stands", "${DATABASE_PASSWORD}")),
    ("query and table", source("    url: ${SHOP}\n    table: orders\n    query: select 1\n"),
     ("extracts.yaml:14 (orders.source)", "Both query and table")),
    ("query of unknown table", extracts(_SERVICE, _QUERY.replace("join lines", "join line")),
     ("extracts.yaml:18 (orders.source.query)", "“line”", "Did you mean lines?")),
    ("fault inside a query's table", extracts(_SERVICE, _QUERY.replace("table: lines", "tabel: lines")),
     ("extracts.yaml:17 (orders.source.tables.lines.tabel)", "Did you mean table?")),
    # -- hr
    ("no hr", {"extracts": FILES["extracts.yaml"][FILES["extracts.yaml"].index("orders:"):]},
     ("extracts.yaml: No extract has kind: hr",)),
    ("two hr", extracts("kind: sales", "kind: hr"), ("extracts.yaml:13 (orders.kind)", "second hr extract")),
    ("hr column", extracts("    manager: {}", "    manger: {type: id}"),
     ("extracts.yaml:9 (people.columns.manger)", "no column of hr", "Did you mean manager?")),
    ("hr type", extracts("    team: {}", "    team: money"), ("extracts.yaml:8", "in hr it is id")),
    ("hr without names", extracts("    name: {}\n", ""), ("extracts.yaml:5 (people.columns)", "no column with names")),
    ("hr without associate", extracts("    associate: {from: Personnel No}\n", ""), ("no column associate",)),
    ("hr without history", extracts("  history: effective_dated\n", ""), ("extracts.yaml:1", "history")),
    ("hr history unfounded", extracts("history: effective_dated", "history: snapshots"),
     ("extracts.yaml:11 (people.history)", "needs the column snapshot_date")),
    ("today not agreed to", extracts("history: effective_dated", "history: today"),
     ("extracts.yaml:11 (people.history)", "assume_current_organisation: true")),
    # -- metrics
    ("unknown extract", metrics("extract: orders", "extract: order"),
     ("metrics.yaml:3 (revenue.extract)", "“order” is no extract", "Did you mean orders?")),
    ("unknown column", metrics("sum(amount)", "sum(amuont)"),
     ("metrics.yaml:4 (revenue.value)", "“amuont”", "Did you mean amount?")),
    ("two aggregates", metrics("sum(amount)", "sum(amount) / count(*)"),
     ("metrics.yaml:4 (revenue.value)", "not one aggregate", "numerator and denominator")),
    ("no aggregate", metrics("sum(amount)", "amount"), ("metrics.yaml:4", "adds nothing up", "sum(x)")),
    ("sum of texts", metrics("sum(amount)", "sum(segment)"), ("metrics.yaml:4", "type text", "numeric column")),
    ("two statements", metrics("sum(amount)", "sum(amount); drop table x"), ("metrics.yaml:4", "not one expression")),
    ("clock in it", metrics("sum(amount)", "count(*) filter (where sold_on > today())"), ("metrics.yaml:4", "clock")),
    ("double quotes", metrics("unit:", "where: segment = \"B2B\"\n  unit:"),
     ("metrics.yaml:5", "single quotes: 'B2B'")),
    ("both ways", metrics("unit:", "numerator: sum(amount)\n  unit:"),
     ("metrics.yaml:1 (revenue)", "Say either value")),
    ("unknown unit", metrics("money", "percentage"), ("metrics.yaml:5 (revenue.unit)", "percent")),
    ("no date", extracts("  date: sold_on\n", ""), ("metrics.yaml:1 (revenue)", "which date counts", "sold_on")),
    ("no segment", metrics("unit:", "by_segment: true\n  unit:"), ("metrics.yaml:5 (revenue.by_segment)",)),
    ("respondent unknown", metrics("unit:", "survey: {respondent: person}\n  unit:"),
     ("metrics.yaml:5 (revenue.survey.respondent)", "“person” is no column")),
    ("survey of one person",
     metrics("unit:", "survey: {respondent: sold_by}\n  individual: {purpose: Coaching, agreed_with: Council,"
                      " from: 2026-01-01}\n  unit:"),
     ("metrics.yaml:6 (revenue.individual)", "never shown of one person")),
    ("pulse added up", extracts("kind: sales", "kind: pulse"), ("main_measure", "Take main_measure out")),
    ("pulse without respondent", extracts("kind: sales", "kind: pulse"), ("metrics.yaml:1 (revenue)", "survey:")),
    ("date in words", metrics("unit:", "individual: {purpose: Coaching, agreed_with: Council, from: 1.1.26}\n  unit:"),
     ("metrics.yaml:5 (revenue.individual.from)", "“1.1.26” is no date", "2026-10-31")),
    # -- expectations
    ("rule twice", rules("  - {name: a, metric: revenue, rule: last_year}\n" * 2),
     ("expectations.yaml:3 (rules[2].name)", "“a” is rule 1 too")),
    ("unknown metric", rules("  - {name: a, metric: revenu, rule: last_year}\n"),
     ("expectations.yaml:2 (rules[1].metric)", "Did you mean revenue?")),
    ("unknown rule", rules("  - {name: a, metric: revenue, rule: lastyear}\n"), ("Did you mean last_year?",)),
    ("fixed without value", rules("  - {name: a, metric: revenue, rule: fixed}\n"),
     ("expectations.yaml:2 (rules[1].rule)", "needs value")),
    ("per_role without values", rules("  - {name: a, metric: revenue, rule: per_role, value: 3}\n"),
     ("needs values", "“value” means nothing")),
    ("growth as percent", rules("  - {name: a, metric: revenue, rule: last_year, growth: 3}\n"),
     ("expectations.yaml:2 (rules[1].growth)", "300%", "Write a share: 0.03")),
    ("percent as number",
     {**metrics("unit: money", "unit: percent"), **rules("  - {name: a, metric: revenue, rule: fixed, value: 95}\n")},
     ("expectations.yaml:2 (rules[1].value)", "Write a share: 0.95 for 95%")),
    ("no month", rules("  - {name: a, metric: revenue, rule: last_year, from: 2026-13}\n"),
     ("expectations.yaml:2 (rules[1].from)", "“2026-13” is no month", "2026-10")),
    ("ends before it begins",
     rules("  - {name: a, metric: revenue, rule: last_year, from: 2026-03, to: 2026-01}\n"), ("before it begins",)),
    ("rules no list", {"expectations": "rules: {a: 1}\n"}, ("expectations.yaml:1 (rules)", "A mapping stands here")),
    ("table missing", {"expectations": "tables:\n  - file: plan.csv\n"},
     ("expectations.yaml:2 (tables[1].file)", "“plan.csv” is not there")),
    # -- delivery
    ("sender", {"delivery": "sender: reports\n"}, ("delivery.yaml:1 (sender)", "no mail address")),
    ("domain", {"delivery": "allowed_domains: '@example.com'\n"}, ("delivery.yaml:1", "“@example.com” is no domain")),
    ("smtp without a server", {"delivery": "transport: smtp\nsender: a@b.example\nallowed_domains: b.example\n"},
     ("delivery.yaml:1 (transport)", "there is no smtp", "Name the mail server")),
    ("smtp to anybody", {"delivery": "transport: smtp\nsender: a@b.example\nsmtp: {host: mail.b.example}\n"},
     ("delivery.yaml:1 (transport)", "there is no allowed_domains")),
    ("mail in the open", {"delivery": "smtp: {host: mail.b.example, security: none}\n"},
     ("delivery.yaml:1 (smtp.security)", "mail.b.example is another machine", "Write starttls")),
    ("password in the open",
     {"delivery": "smtp:\n  host: m.example\n  auth: {method: plain, username: a, password: secret}\n"},
     ("delivery.yaml:3 (smtp.auth.password)", "A secret stands in password", "${NAME}")),
    ("xoauth2 without a secret",
     {"delivery": "smtp:\n  host: m.example\n"
      "  auth: {method: xoauth2, username: a, token_url: https://l.example, client_id: x}\n"},
     ("delivery.yaml:3 (smtp.auth)", "no token can be had")),
    ("xoauth2 without a user", {"delivery": "smtp:\n  host: m.example\n  auth: {method: xoauth2}\n"},
     ("xoauth2 needs username, token_url, client_id",)),
    ("token in the open",
     {"delivery": "smtp:\n  host: m.example\n  auth: {method: xoauth2, username: a, token_url: 'http://l.example/t', "
      "client_id: x, client_secret: '${X}'}\n"}, ("token_url leads to l.example in the open",)),
    ("certificates missing", {"delivery": "smtp: {host: m.example, ca_file: ca.pem}\n"},
     ("delivery.yaml:1 (smtp.ca_file)", "“ca.pem” is not there")),
    ("ledger with a password", {"delivery": "ledger: postgresql+psycopg://me:secret@db/y\n"},
     ("delivery.yaml:1 (ledger)", "A password stands in the address", "…@db/y")),
    ("notice to nobody", {"delivery": "notices: [operator]\n"},
     ("delivery.yaml:1 (notices[1])", "“operator” is no address of a notice")),
    ("notice with a password", {"delivery": "notices: ['mailto://op:hunter2@a.example']\n"},
     ("delivery.yaml:1 (notices[1])", "A password or token stands in the address mailto://…")),
    ("notice with a password as a parameter", {"delivery": "notices: ['mailto://a.example?user=op&pass=hunter2']\n"},
     ("delivery.yaml:1 (notices[1])", "A password or token stands in the address mailto://…")),
    ("notice with a token", {"delivery": "notices: ['slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ']\n"},
     ("delivery.yaml:1 (notices[1])", "A password or token stands in the address slack://…", "${OPERATOR_NOTICE}")),
    ("waiting ends before the run",
     {"schedule": "run: {working_day: 5}\nwait: {until_working_day: 3}\n"},
     ("schedule.yaml:2 (wait.until_working_day)", "before the run on working day 5")),
    ("no time of the day", {"schedule": "run: {at: '24:30'}\n"}, ("schedule.yaml:1 (run.at)",)),
    ("kept no month", {"retention": "editions: 0\n"}, ("retention.yaml:1 (editions)",)),
    # -- CSV
    ("identities heading", {"identities": "source,sourceid,associate\n"},
     ("identities.csv:1", "“sourceid” is no column", "Did you mean source_id?")),
    ("identities column missing", {"identities": "source,associate\n"}, ("identities.csv:1", "source_id is missing")),
    ("identities overlap",
     {"identities": "source,source_id,valid_from,valid_to,associate\ncrm,007,,2026-03-31,A1\ncrm,007,2026-03-31,,A2\n"},
     ("identities.csv:3 (source_id)", "“007” of crm is A2 here and A1 in line 2")),
    ("identities backwards",
     {"identities": "source,source_id,valid_from,valid_to,associate\ncrm,7,2026-03-31,2026-03-01,A1\n"},
     ("identities.csv:2 (valid_to)", "before it begins")),
    ("identity with a space", {"identities": "source,source_id,associate\ncrm,7 ,A1\n"},
     ("identities.csv:2 (source_id)", "“7 ” begins or ends in a space")),
    ("identity date", {"identities": "source,source_id,valid_from,associate\ncrm,7,31.03.2026,A1\n"},
     ("identities.csv:2 (valid_from)", "“31.03.2026” is no date")),
    ("too many cells", {"identities": "source,source_id,associate\ncrm,7,A1,x\n"}, ("identities.csv:2", "4 values")),
    ("decision kind",
     {"decisions": "decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason\n"
                   "2026-02-01,re-base,team,T1,revenue,2026-01,Owner,Moved\n"},
     ("decisions.csv:2 (kind)", "Did you mean rebase?")),
    ("decision metric",
     {"decisions": "decided_on,kind,unit_kind,unit_id,metric,month,decided_by,reason\n"
                   "2026-02-01,rebase,team,T1,revenues,2026-01,Owner,Moved\n"},
     ("decisions.csv:2 (metric)", "Did you mean revenue?")),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "parts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_broken_configuration_is_told_with_its_place_and_remedy(
    tmp_path: Path, overrides: Overrides, parts: tuple[str, ...]
) -> None:
    directory = write_minimal(tmp_path / "config", **overrides)
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    message = str(caught.value)
    assert [part for part in parts if part not in message] == [], message
    assert len(message.splitlines()) <= 2, message
    for jargon in ("pydantic", "Input should", "Traceback", "http", "FilesSource", "ruamel", "discriminator"):
        assert jargon not in message
    assert caught.value.exit_status == 2


def test_a_password_is_not_repeated_in_its_message(tmp_path: Path) -> None:
    url = "postgresql://shop:hunter2@host/shop"
    directory = write_minimal(tmp_path, **source(f"    url: {url}\n    table: orders\n"))
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["${OPERATOR_NOTICE}", "${file:///run/secrets/notice}", "slack://${TOKENS}", "mailto://op:${MAIL_PASSWORD}@a.example",
     "mailto://${USER}:${file:/run/secrets/mail}@a.example?to=op@a.example", "json://127.0.0.1:8080/notices"],
)  # fmt: skip
def test_notices_take_their_secrets_from_elsewhere(tmp_path: Path, address: str) -> None:
    directory = write_minimal(tmp_path, delivery=f"notices: ['{address}']\n")
    assert load_config(directory).delivery.notices == (address,)


def test_faults_of_all_files_are_told_together_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    directory = write_minimal(
        tmp_path,
        company=changed("company.yaml", "EUR", "EUX").replace("Europe/Berlin", "Berlin"),
        metrics=changed("metrics.yaml", "good: up", "good: upp"),
        extracts=changed("extracts.yaml", "main_measure: amount", "main_measure: amout"),
        delivery="sendr: x\n",
        identities="source,source_id,associate\ncrm,,A1\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    told = [caught.value, *caught.value.also]
    places = [(error.place.file.name, error.place.line) for error in told if error.place]
    assert places == [
        ("company.yaml", 2), ("company.yaml", 3), ("extracts.yaml", 25), ("metrics.yaml", 6), ("delivery.yaml", 1),
        ("identities.csv", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("name: Gr\xf6\xdfe\n".encode("latin-1"), ("company.yaml:1", "not UTF-8", "0xf6", "Größe")),
        ("name: Minimal\n".encode("utf-16"), ("company.yaml:1", "UTF-16", "Save it as UTF-8")),
        (b"name: a\x07b\n", ("company.yaml:1", "character")),
    ],
    ids=["latin-1", "UTF-16", "control character"],
)
def test_bytes_that_are_no_text_are_told(tmp_path: Path, content: bytes, parts: tuple[str, ...]) -> None:
    directory = write_minimal(tmp_path)
    (directory / "company.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert [part for part in parts if part not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize(
    ("was", "named", "parts"),
    [
        ("company.yaml", "company.yml", ("company.yml is not read", "Rename it to company.yaml")),
        ("metrics.yaml", "metric.yaml", ("metric.yaml is not read", "Rename it to metrics.yaml")),
        ("extracts.yaml", "Extracts.yaml", ("Extracts.yaml is not read", "Rename it to extracts.yaml")),
    ],
    ids=[".yml", "singular", "capital"],
)
def test_a_misnamed_file_is_not_passed_over(tmp_path: Path, was: str, named: str, parts: tuple[str, ...]) -> None:
    directory = write_minimal(tmp_path)
    (directory / was).rename(directory / named)
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert f"{was} is missing" not in str(caught.value)


def test_a_yml_beside_the_yaml_is_refused(tmp_path: Path) -> None:
    directory = write_minimal(tmp_path)
    (directory / "company.yml").write_text("name: Other\n")
    with pytest.raises(ConfigError, match=r"company\.yml is not read.*one of the two"):
        load_config(directory)


@pytest.mark.parametrize("what", ["missing", "file"])
def test_a_directory_that_is_none_is_told(tmp_path: Path, what: str) -> None:
    path = tmp_path / "config"
    if what == "file":
        path.write_text("")
    with pytest.raises(ConfigError, match=r"company\.yaml"):
        load_config(path)
