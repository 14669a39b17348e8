"""From an edition to the mail: who gets what, when, and what is held instead; with a real ledger and outbox."""

import email
import email.policy
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from config.errors import OutsideError, RefusedError, UsageError
from config.loader import load_config
from flows.deliver import Delivered, deliver
from flows.stages.recording import open_ledger
from flows.stages.release import Released, approve
from flows.stages.samples import send_sample
from flows.stages.sending import Wanted, lift
from flows.state.editions import newest_edition
from tests.companies import OCTOBER, REPORTS, TinyCompany, person
from transforms.deliveries import DeliveryLine, DeliveryState, Hold

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
DELIVERY = "sender: Tiny reports <reports@tiny.example>\nallowed_domains: [tiny.example]\n"
FIRST = {
    ("manager-AS01", "as01@tiny.example"), ("manager-AS02", "as02@tiny.example"), ("manager-AS06", "as06@tiny.example"),
    ("team-NORTH", "as02@tiny.example"), ("team-SOUTH", "as06@tiny.example"),
}  # fmt: skip
LATE = "2026-10-AS03-90,AS03,2026-10-29,900.00,B2B"


@pytest.fixture
def ready(company: TinyCompany) -> TinyCompany:
    """The tiny company with its first edition and a delivery.yaml; its deliveries wait."""
    return told(company, DELIVERY)


def told(company: TinyCompany, delivery: str) -> TinyCompany:
    (company.config / "delivery.yaml").write_text(delivery)
    return company


def lines_of(company: TinyCompany) -> list[DeliveryLine]:
    with open_ledger(load_config(company.config), company.state) as ledger:
        return ledger.deliveries()


def stand(company: TinyCompany) -> dict[tuple[str, str, int], str]:
    """How each delivery stands: its state, or why it is held."""
    return {
        (line.key.report_id, line.key.recipient.partition("@")[0], line.key.edition): line.hold or line.state
        for line in lines_of(company)
    }


def release(company: TinyCompany, reports: Sequence[str] = ()) -> Released:
    edition = newest_edition(company.state, OCTOBER)
    assert edition is not None
    config = load_config(company.config)
    with open_ledger(config, company.state) as ledger:
        return approve(company.state, ledger, config, edition, "An operator", NOW, reports)


def send(company: TinyCompany, wanted: Wanted | None = None) -> Delivered:
    return deliver(company.run(), wanted or Wanted(OCTOBER), clock=lambda: NOW)


def mails(company: TinyCompany) -> list[EmailMessage]:
    found = sorted((company.state.root / "outbox").rglob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in found]


# -- release -----------------------------------------------------------------------------------------------------


def test_nothing_goes_out_before_it_is_released(ready: TinyCompany) -> None:
    assert send(ready).sent == 0
    assert mails(ready) == []
    assert set(stand(ready).values()) == {Hold.APPROVAL}


def test_released_each_reader_gets_the_own_reports_once(ready: TinyCompany) -> None:
    assert release(ready).deliveries == 5
    assert (send(ready).sent, send(ready).sent) == (5, 0)
    sent = mails(ready)
    assert {(m["To"], m["Subject"].rpartition(": ")[2]) for m in sent} == {
        ("as01@tiny.example", "Associate 1"), ("as02@tiny.example", "Associate 2"),
        ("as06@tiny.example", "Associate 6"),
        ("as02@tiny.example", "North team"), ("as06@tiny.example", "South team"),
    }  # fmt: skip
    for mail in sent:
        (attached,) = mail.iter_attachments()
        pdf = attached.get_content()
        name = str(attached.get_filename()).removeprefix("2026-10-")
        assert pdf == (ready.state.edition(OCTOBER, 1) / "reports" / name).read_bytes()
    assert len({mail["Message-ID"] for mail in sent}) == 5


def test_single_reports_are_released_by_name(ready: TinyCompany) -> None:
    assert release(ready, ["team-NORTH"]).reports == 1
    assert send(ready).sent == 1
    assert Counter(stand(ready).values()) == {Hold.APPROVAL: 4, DeliveryState.SENT: 1}
    with pytest.raises(UsageError, match="team-NORTH"):
        release(ready, ["team-NORHT"])


def test_who_released_is_kept(ready: TinyCompany) -> None:
    release(ready)
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        assert {(line.report_id, line.by, line.at) for line in ledger.approvals(OCTOBER)} == {
            (report, "An operator", NOW) for report in REPORTS
        }


def test_a_pdf_that_is_not_as_published_blocks_the_release_and_the_mail(ready: TinyCompany) -> None:
    pdf = ready.state.edition(OCTOBER, 1) / "reports" / "team-NORTH.pdf"
    whole = pdf.read_bytes()
    pdf.write_bytes(whole + b"\n")
    with pytest.raises(OutsideError, match=r"team-NORTH\.pdf is not what edition 1 published"):
        release(ready)
    pdf.write_bytes(whole)
    release(ready)
    pdf.write_bytes(whole + b"\n")
    delivered = send(ready)
    assert (delivered.sent, delivered.failed) == (4, 1)
    assert "is not what edition 1 published" in delivered.faults[0]


def test_a_report_whose_files_are_gone_fails_alone(ready: TinyCompany) -> None:
    release(ready)
    (ready.state.edition(OCTOBER, 1) / "models" / "team-NORTH.json").unlink()
    delivered = send(ready)
    assert (delivered.sent, delivered.failed) == (4, 1)
    assert "team-NORTH" in delivered.faults[0]


def test_a_pdf_with_a_foreign_name_blocks_release_and_mail(ready: TinyCompany) -> None:
    """Another manager's report under this one's name, and the manifest changed with it."""
    import json

    from flows.state.editions import file_sha256

    folder = ready.state.edition(OCTOBER, 1)
    foreign = folder / "reports" / "manager-AS06.pdf"
    (folder / "reports" / "manager-AS02.pdf").write_bytes(foreign.read_bytes())
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["reports"]:
        if entry["report_id"] == "manager-AS02":
            entry["sha256"] = file_sha256(foreign)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RefusedError, match="manager-AS02 of edition 1 shows"):
        release(ready)
    with pytest.raises(RefusedError, match="manager-AS02"):
        send_sample(ready.run(), "operator@tiny.example", ["manager-AS02"], NOW)
    assert set(stand(ready).values()) == {Hold.APPROVAL}


@pytest.mark.parametrize(
    ("rule", "released"),
    [
        ("release: true", True),
        ("release: {automatic: true, below: 0.5}", True),
        ("release: {automatic: false, critical: 9}", False),
        ("release: {automatic: true, withheld: 0}", True),
    ],
    ids=["yes", "few-below", "not-automatic", "nothing-withheld"],
)
def test_a_rule_releases_the_month_that_has_just_ended(company: TinyCompany, rule: str, released: bool) -> None:
    told(company, f"{DELIVERY}{rule}\n")
    shutil.rmtree(company.state.root)
    prepared = company.make().prepared
    assert prepared is not None
    assert (prepared.queued, prepared.waiting) == ((5, 0) if released else (0, 5))
    # A ledger that is lost does not know who has a copy: then a person has to say so.
    (company.state.root / "ledger.sqlite").unlink()
    again = company.make().prepared
    assert again is not None
    assert (again.queued, again.waiting) == (0, 5)


@pytest.mark.soak
def test_a_rule_that_does_not_hold_says_why(company: TinyCompany) -> None:
    told(company, f"{DELIVERY}release: {{automatic: true, warnings: 0}}\n")
    company.append("sales/2026-10.csv", "2026-10-XX-1,NOBODY,2026-10-29,900.00,B2B")
    prepared = company.make().prepared
    assert prepared is not None
    assert (prepared.queued, prepared.waiting) == (0, 5)
    assert prepared.not_released == "1 warnings, 0 may be"
    late = company.make(pulled_at=datetime(2027, 2, 1, tzinfo=UTC)).prepared
    assert late is not None
    assert late.not_released == "only the month before this one is released by rule"


# -- who may still read it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "held"),
    [
        (person("AS02", "NORTH", "AS01", role="Lead"),
         person("AS02", "NORTH", "AS01", role="Lead", leave_date="2026-11-05", valid_to="2026-11-05"), Hold.LEFT),
        ("as02@tiny.example", "second@tiny.example", Hold.LEFT),
    ],
    ids=["left", "address-of-nobody"],
)  # fmt: skip
def test_who_left_since_then_gets_nothing(ready: TinyCompany, old: str, new: str, held: Hold) -> None:
    release(ready)
    ready.change("data/people.csv", old, new)
    delivered = send(ready)
    assert (delivered.sent, len(delivered.held)) == (3, 2)
    now = stand(ready)
    assert (now["manager-AS02", "as02", 1], now["team-NORTH", "as02", 1]) == (held, held)
    assert {mail["To"] for mail in mails(ready)} == {"as01@tiny.example", "as06@tiny.example"}


def test_who_leads_other_people_now_does_not_get_those_of_then(ready: TinyCompany) -> None:
    release(ready)
    lines = (ready.folder / "data" / "people.csv").read_text().splitlines()
    moved = []
    for line in lines:
        number = line.partition(",")[0]
        if number in ("AS03", "AS04", "AS05", "AS07", "AS08", "AS09"):
            # From November on the two leads have exchanged their teams.
            cells = dict(zip(lines[0].split(","), line.split(","), strict=True))
            moved.append(",".join({**cells, "valid_to": "2026-10-31"}.values()))
            other = "AS06" if cells["manager"] == "AS02" else "AS02"
            moved.append(",".join({**cells, "manager": other, "valid_from": "2026-11-01"}.values()))
        else:
            moved.append(line)
    (ready.folder / "data" / "people.csv").write_text("\n".join(moved) + "\n")
    delivered = send(ready)
    now = stand(ready)
    assert now["manager-AS02", "as02", 1] == now["manager-AS06", "as06", 1] == Hold.MOVED
    assert now["manager-AS01", "as01", 1] == DeliveryState.SENT
    assert delivered.failed == 0


def test_other_domains_and_those_who_want_none_are_held(ready: TinyCompany) -> None:
    release(ready)
    told(ready, DELIVERY.replace("tiny.example]", "elsewhere.example]"))
    assert set(stand(ready).values()) == {DeliveryState.QUEUED}
    send(ready)
    assert set(stand(ready).values()) == {Hold.DOMAIN}
    told(ready, f"{DELIVERY}opt_out: [AS02, AS06@tiny.example]\n")
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        lift(ledger, ledger.deliveries(states=[DeliveryState.HELD]), "An operator", NOW)
    send(ready)
    now = stand(ready)
    assert {place[:2] for place, state in now.items() if state == DeliveryState.SENT} == {("manager-AS01", "as01")}
    assert set(now.values()) == {DeliveryState.SENT, Hold.OPT_OUT}


def test_without_hr_of_today_the_last_month_is_asked_and_said(ready: TinyCompany) -> None:
    release(ready)
    (ready.folder / "data" / "people.csv").rename(ready.folder / "people.csv")
    delivered = send(ready)
    assert delivered.sent == 5
    assert delivered.note.startswith("hr of 2026-10 was asked who may read")


# -- later editions -----------------------------------------------------------------------------------------------


def test_a_later_edition_is_mailed_where_it_says_something_else(ready: TinyCompany) -> None:
    release(ready)
    send(ready)
    ready.append("sales/2026-10.csv", LATE)
    assert ready.make().number == 2
    now = stand(ready)
    waiting = {place for place, state in now.items() if state == Hold.APPROVAL}
    assert {place[2] for place in waiting} == {2}
    assert "manager-AS02" in {place[0] for place in waiting}
    assert "team-SOUTH" not in {place[0] for place in waiting}
    assert release(ready).deliveries == len(waiting)
    assert send(ready).sent == len(waiting)
    assert len(mails(ready)) == 5 + len(waiting)
    later = next(m for m in mails(ready) if "edition 2" in m["Subject"] and m["To"] == "as02@tiny.example")
    body = later.get_body(("plain",))
    assert body is not None
    assert "Changed since edition 1" in body.get_content()


@pytest.mark.soak
def test_a_small_change_is_held_and_not_mailed(ready: TinyCompany) -> None:
    told(ready, f"{DELIVERY}mail_changes_over: 0.5\n")
    release(ready)
    send(ready)
    ready.append("sales/2026-10.csv", LATE)
    prepared = ready.make().prepared
    assert prepared is not None
    held = [place for place, state in stand(ready).items() if state == Hold.SMALL_CHANGE]
    assert prepared.small == len(held) > 0
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        lines = ledger.deliveries(states=[DeliveryState.HELD])
        assert lift(ledger, lines, "An operator", NOW) == []  # nobody released it


def test_a_later_edition_takes_the_place_of_what_is_not_yet_out(ready: TinyCompany) -> None:
    release(ready)
    ready.append("sales/2026-10.csv", LATE)
    ready.make()
    now = stand(ready)
    # Every report counts the rows it is made from, so that each is another one.
    assert {state for (_, _, edition), state in now.items() if edition == 1} == {Hold.SUPERSEDED}
    assert {state for (_, _, edition), state in now.items() if edition == 2} == {Hold.APPROVAL}
    assert send(ready).sent == 0
    assert release(ready).deliveries == 5
    assert send(ready).sent == 5
    assert {mail["Subject"].partition(":")[0] for mail in mails(ready)} == {
        "Manager report, October 2026, edition 2", "Team report, October 2026, edition 2",
    }  # fmt: skip


@pytest.mark.soak
def test_an_older_edition_is_not_released(ready: TinyCompany) -> None:
    first = newest_edition(ready.state, OCTOBER)
    assert first is not None
    ready.append("sales/2026-10.csv", LATE)
    ready.make()
    config = load_config(ready.config)
    with (
        open_ledger(config, ready.state) as ledger,
        pytest.raises(RefusedError, match="edition 2 took its place"),
    ):
        approve(ready.state, ledger, config, first, "An operator", NOW)


# -- by hand, and lost ledgers -------------------------------------------------------------------------------------


def test_a_sample_goes_to_one_address_of_an_allowed_domain_alone(ready: TinyCompany) -> None:
    lines = send_sample(ready.run(), "operator@tiny.example", [], NOW)
    assert len(lines) == 2
    assert {mail["To"] for mail in mails(ready)} == {"operator@tiny.example"}
    assert all(mail["Subject"].startswith("Sample: ") for mail in mails(ready))
    with pytest.raises(RefusedError, match=r"elsewhere\.example is none of the allowed domains"):
        send_sample(ready.run(), "operator@elsewhere.example", [], NOW)
    assert set(stand(ready).values()) == {Hold.APPROVAL}


def test_what_was_sent_goes_again_on_a_persons_word(ready: TinyCompany) -> None:
    release(ready)
    send(ready)
    wanted = Wanted(OCTOBER, (), ("as01@tiny.example",))
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        lines = wanted.of(ledger, [DeliveryState.SENT])
        assert lift(ledger, lines, "An operator", NOW) == []
        assert lift(ledger, lines, "An operator", NOW, sent=True) == lines
    assert send(ready, wanted).sent == 1
    line = next(line for line in lines_of(ready) if line.key.recipient == "as01@tiny.example")
    assert (line.state, line.requeued_by) == (DeliveryState.SENT, "An operator")


def test_a_ledger_that_is_gone_is_written_again_from_the_manifests_and_releases_nothing(ready: TinyCompany) -> None:
    release(ready)
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (ready.state.root / name).unlink(missing_ok=True)
    assert send(ready).sent == 0
    assert {(line.key.report_id, line.key.recipient) for line in lines_of(ready)} == FIRST
    assert set(stand(ready).values()) == {Hold.APPROVAL}


def test_folders_and_files_of_the_mail_are_private(ready: TinyCompany) -> None:
    release(ready)
    send(ready)
    for path in [ready.state.root / "ledger.sqlite", *(ready.state.root / "outbox").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_address_is_no_word_for_prefect(ready: TinyCompany) -> None:
    from flows.deliver import delivery_counts

    release(ready)
    counts = delivery_counts(lines_of(ready))
    assert counts == [{"month": "2026-10", "state": "queued", "why": "", "deliveries": 5}]
