"""What must hold while mails go out: nothing twice, nothing lost, nothing to who may not read it, every state right."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import pytest

from config.loader import load_config
from config.months import Month
from flows.deliver import deliver
from flows.delivery import Mail, MailServerError, Result, Transport
from flows.stages import sending as sending_module
from flows.stages.lifting import lift, refusals
from flows.stages.mails import mail_for
from flows.stages.recording import open_ledger
from flows.stages.sending import Sending, Wanted, transport_of
from flows.stages.standing import Standings
from flows.state.editions import newest_edition
from flows.state.ledger import Ledger
from tests.companies import OCTOBER, TinyCompany
from tests.flows.test_delivering import DELIVERY, LATE, NOW, lines_of, mails, release, send, stand, told
from transforms.deliveries import DeliveryLine, DeliveryState, Hold
from transforms.report_model import ReportKind

S = DeliveryState
SMTP = f"{DELIVERY}transport: smtp\nsmtp: {{host: mail.tiny.example, pause_seconds: 0, attempts: 2}}\n"
TAKEN = Result("sent", "250 taken")


@pytest.fixture
def ready(company: TinyCompany) -> TinyCompany:
    """The tiny company with its first edition and a delivery.yaml; its deliveries wait."""
    return told(company, DELIVERY)


@dataclass
class Carrier:
    """Carries mail to nowhere: `answer` says what comes of a mail, or raises; it may call the sender's own step."""

    answer: Callable[[Mail, Callable[[], None]], Result]
    carried: list[str] = field(default_factory=list)
    largest: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send(self, mail: Mail, before_data: Callable[[], None]) -> Result:
        result = self.answer(mail, before_data)
        if result.outcome == "sent":
            self.carried.append(mail.report_id)
        return result

    def was_sent(self, mail_id: str, month: Month, edition: int) -> bool | None:
        raise NotImplementedError(mail_id, month, edition)


def taking(_: Mail, before_data: Callable[[], None]) -> Result:
    before_data()
    return TAKEN


@contextmanager
def a_sender(
    company: TinyCompany, transport: Transport | None = None, clock: Callable[[], datetime] = lambda: NOW
) -> Iterator[Sending]:
    config, run = load_config(company.config), company.run()
    carrier = transport or transport_of(config, company.state)
    with open_ledger(config, company.state) as ledger:
        sending = Sending(config, company.state, ledger, carrier, Standings(run), clock, sleep=lambda _: None)
        with sending.alive():
            yield sending


def claimed(ledger: Ledger, sender: str, report: str) -> DeliveryLine:
    (line,) = ledger.claim(sender, NOW, report_ids=[report])
    return line


def queue(company: TinyCompany, *reports: str) -> None:
    """Release reports, without a look into their PDFs: that is not what is tried here."""
    with open_ledger(load_config(company.config), company.state) as ledger:
        keys = [line.key for line in ledger.deliveries(report_ids=reports, states=[S.HELD])]
        assert ledger.release(keys, "An operator", NOW) == len(reports)


def line_of(company: TinyCompany, report: str, edition: int = 1) -> DeliveryLine:
    (line,) = [one for one in lines_of(company) if (one.key.report_id, one.key.edition) == (report, edition)]
    return line


# -- each is looked at just before it goes -------------------------------------------------------------------------


def test_what_is_released_while_sending_is_looked_at_too(ready: TinyCompany) -> None:
    queue(ready, "team-NORTH")
    ready.change("data/people.csv", "as06@tiny.example", "other@tiny.example")
    with a_sender(ready) as sending:
        sending.recheck(Wanted(OCTOBER))
        queue(ready, "team-SOUTH")  # by another process
        sending.send_some(Wanted(OCTOBER))
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-SOUTH").hold) == (S.SENT, Hold.LEFT)
    assert {mail["To"] for mail in mails(ready)} == {"as02@tiny.example"}
    assert line_of(ready, "team-SOUTH").attempts == 0


def test_on_another_day_hr_is_asked_again(ready: TinyCompany) -> None:
    queue(ready, "team-NORTH", "team-SOUTH")
    today = [NOW]
    with a_sender(ready, clock=lambda: today[0]) as sending:
        sending.send_some(Wanted(OCTOBER), 1)
        ready.change("data/people.csv", "as06@tiny.example", "other@tiny.example")
        today[0] = NOW + timedelta(days=1)
        sending.send_some(Wanted(OCTOBER))
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-SOUTH").hold) == (S.SENT, Hold.LEFT)


@pytest.mark.soak
@pytest.mark.slow  # another month is made
def test_a_month_whose_readers_nobody_knows_any_more_stops_no_other(ready: TinyCompany) -> None:
    september = Month(2026, 9)
    ready.write("sales/2026-08.csv", [])
    ready.make(september)
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        assert ledger.release([line.key for line in ledger.deliveries(report_ids=["team-NORTH"])], "me", NOW) == 2
    for path in (ready.state.landings / "2026-09").glob("people*"):
        path.rename(ready.folder / path.name)
    delivered = deliver(ready.run(), Wanted(), clock=lambda: NOW)
    (held,) = [line for line in delivered.held if line.hold is not Hold.APPROVAL]
    assert (delivered.sent, delivered.failed) == (1, 0)
    assert (held.key.month, held.hold) == (september, Hold.UNCHECKED)
    assert "no longer kept" in held.reason
    for path in ready.folder.glob("people*.*"):
        path.rename(ready.state.landings / "2026-09" / path.name)
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        assert lift(ledger, [held], "operator", NOW) == [held]
    assert deliver(ready.run(), Wanted(), clock=lambda: NOW).sent == 1


@pytest.mark.soak
def test_whatever_a_sender_leaves_of_an_edition_never_goes_out_after_the_next(ready: TinyCompany) -> None:
    release(ready)
    ends = {
        "team-NORTH": S.FAILED, "team-SOUTH": S.UNCERTAIN, "manager-AS01": S.SENT, "manager-AS06": S.QUEUED,
    }  # fmt: skip
    config = load_config(ready.config)
    with open_ledger(config, ready.state) as ledger:
        ledger.begin_sender("slow", NOW)
        lines = {report: claimed(ledger, "slow", report) for report in (*ends, "manager-AS02")}
        ready.append("sales/2026-10.csv", LATE)
        assert ready.make().number == 2
        for report, end in ends.items():
            ledger.settle(lines[report].key, "slow", end, "", NOW)
        ledger.end_sender("slow", NOW)
        assert send(ready).sent == 0
        again = ledger.deliveries(edition=1)
        assert lift(ledger, again, "A person", NOW, sent=True) == []
        assert set(refusals(ledger, again, sent=True).values()) == {"edition 2 took its place"}
    assert {report: state for (report, _, edition), state in stand(ready).items() if edition == 1} == {
        **dict.fromkeys(("team-NORTH", "team-SOUTH", "manager-AS02", "manager-AS06"), Hold.SUPERSEDED),
        "manager-AS01": S.SENT,
    }
    assert line_of(ready, "team-SOUTH").may_be_there, "though it is held, its reader may have it"
    assert not line_of(ready, "team-NORTH").may_be_there
    assert mails(ready) == []


# -- faults of one message, and of all -----------------------------------------------------------------------------


def test_a_server_that_is_down_uses_up_no_attempt(ready: TinyCompany) -> None:
    queue(ready, "team-NORTH")
    told(ready, SMTP)

    def down(_: Mail, __: Callable[[], None]) -> Result:
        raise MailServerError("down", passing=True)

    for _ in range(2):
        with a_sender(ready, Carrier(down)) as sending, pytest.raises(MailServerError):
            sending.send_some(Wanted(OCTOBER))
    answers = iter([Result("retry", "451 later"), TAKEN])
    with a_sender(ready, Carrier(lambda *_: next(answers))) as sending:
        assert sending.send_some(Wanted(OCTOBER)) == 1
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-NORTH").attempts) == (S.SENT, 2)


def test_what_is_put_off_too_often_fails(ready: TinyCompany) -> None:
    queue(ready, "team-NORTH")
    told(ready, SMTP)
    with a_sender(ready, Carrier(lambda *_: Result("retry", "451 later"))) as sending:
        sending.send_some(Wanted(OCTOBER))
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-NORTH").reason) == (
        S.FAILED, "put off 2 times: 451 later",
    )  # fmt: skip


def test_stopped_before_its_text_goes_out_a_delivery_stays_queued(
    ready: TinyCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(ready, "team-NORTH")
    told(ready, SMTP)
    with monkeypatch.context() as patch:
        patch.setattr(sending_module, "mail_for", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with a_sender(ready, Carrier(taking)) as sending, pytest.raises(KeyboardInterrupt):
            sending.send_some(Wanted(OCTOBER))
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-NORTH").attempts) == (S.QUEUED, 0)
    with a_sender(ready, carrier := Carrier(taking)) as sending:
        sending.send_some(Wanted(OCTOBER))
    assert carrier.carried == ["team-NORTH"]


def test_a_fault_of_ours_in_one_mail_stops_no_other(ready: TinyCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(ready, "team-NORTH", "team-SOUTH")
    real = mail_for

    def broken(*arguments: object) -> Mail:
        mail = real(*arguments)  # type: ignore[arg-type]
        if mail.report_id == "team-SOUTH":
            return mail
        raise KeyError("a fault")

    monkeypatch.setattr(sending_module, "mail_for", broken)
    delivered = send(ready)
    assert (delivered.sent, delivered.failed) == (1, 1)
    assert "a fault of our own (KeyError)" in delivered.faults[0]


# -- senders that die, and that are taken for dead -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("carries", "begun", "written", "found", "now"),
    [
        ("smtp", False, False, S.QUEUED, SMTP), ("smtp", True, False, S.UNCERTAIN, SMTP),
        ("smtp", True, True, S.UNCERTAIN, DELIVERY), ("", True, True, S.UNCERTAIN, DELIVERY),
        ("outbox", False, False, S.QUEUED, DELIVERY), ("outbox", True, False, S.QUEUED, SMTP),
        ("outbox", True, True, S.SENT, SMTP),
    ],
    ids=[
        "not-begun", "begun", "a-file-is-no-proof", "nobody-knows", "outbox-not-begun", "outbox-without-file",
        "outbox-with-file",
    ],
)  # fmt: skip
def test_what_a_dead_sender_left_is_judged_by_how_it_carried_mail(
    ready: TinyCompany, carries: str, begun: bool, written: bool, found: S, now: str
) -> None:
    queue(ready, "team-NORTH")
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        ledger.begin_sender("dead", NOW, carries)
        line = claimed(ledger, "dead", "team-NORTH")
        if begun:
            ledger.begin_text(line.key, "dead", NOW)
        if written:
            folder = ready.state.root / "outbox" / "2026-10" / "1"
            folder.mkdir(parents=True)
            (folder / "team-NORTH--0.eml").write_text(f"Message-ID: {line.message_id}\n\n")
    told(ready, now)
    with a_sender(ready) as sending:
        sending.recover()
        assert sending.outcomes["uncertain"] == int(found is S.UNCERTAIN)
    after = line_of(ready, "team-NORTH")
    assert (after.state, after.attempts) == (found, int(found is not S.QUEUED))


def test_a_sender_beats_whatever_it_waits_for(ready: TinyCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending_module, "BEAT_SECONDS", 0.01)
    queue(ready, "team-NORTH")
    minutes = [0]

    def clock() -> datetime:
        return NOW + timedelta(minutes=minutes[0])

    with a_sender(ready, clock=clock) as sending:
        claimed(sending.ledger, sending.sender, "team-NORTH")
        monkeypatch.setattr("socket.gethostname", lambda: "another-host")
        minutes[0] = 30
        for _ in range(500):
            if not sending.ledger.abandoned(clock()):
                break
            time.sleep(0.01)
        else:
            raise AssertionError("it is silent")


@pytest.mark.parametrize(("begun", "outcome"), [(True, S.UNCERTAIN), (False, S.QUEUED)])
def test_taken_for_dead_it_goes_on_with_the_next_and_sends_nothing_that_another_may_send(
    ready: TinyCompany, begun: bool, outcome: S
) -> None:
    """Another host settles in its name: before its text goes out it is told, and after that it says so."""
    queue(ready, "team-NORTH", "team-SOUTH")
    with a_sender(ready) as sending:

        def answer(mail: Mail, before_data: Callable[[], None]) -> Result:
            if begun:
                before_data()
            if mail.report_id == "team-NORTH":
                key = line_of(ready, "team-NORTH").key
                sending.ledger.settle(key, sending.sender, outcome, "the sender died", NOW, NOW + timedelta(days=1))
            if not begun:
                before_data()
            return TAKEN

        sending.transport = carrier = Carrier(answer)
        sending.send_some(Wanted(OCTOBER, ("team-NORTH",)), 1)
        sending.send_some(Wanted(OCTOBER, ("team-SOUTH",)))
    assert carrier.carried == (["team-NORTH", "team-SOUTH"] if begun else ["team-SOUTH"])
    assert (line_of(ready, "team-NORTH").state, line_of(ready, "team-SOUTH").state) == (outcome, S.SENT)
    assert sending.outcomes["uncertain"] == int(begun)


# -- readers and sheets --------------------------------------------------------------------------------------------


def test_an_address_that_two_share_is_held_for_who_wants_none_alone(ready: TinyCompany) -> None:
    for who in ("as02", "as06"):
        ready.change("data/people.csv", f"{who}@tiny.example", "leads@tiny.example")
    edition = newest_edition(ready.state, OCTOBER)
    assert edition is not None

    def held(opt_out: str, kind: ReportKind, unit: str) -> Hold | None:
        told(ready, f"{DELIVERY}opt_out: [{opt_out}]\n")
        found = Standings(ready.run()).of(edition, NOW).held(kind, unit, "leads@tiny.example")
        return found.hold if found else None

    for mine, others in (("AS02", "AS06"), ("AS06", "AS02")):
        assert held(mine, ReportKind.MANAGER, mine) == Hold.OPT_OUT
        assert held(mine, ReportKind.MANAGER, others) is None
    assert held("leads@tiny.example", ReportKind.MANAGER, "AS02") == Hold.OPT_OUT
    assert held("AS01", ReportKind.MANAGER, "AS01") == Hold.MOVED
    assert held("AS01", ReportKind.ASSOCIATE, "AS02") is None, "a sheet is for the one it is about"
    assert held("AS01", ReportKind.ASSOCIATE, "AS03") == Hold.MOVED


def test_a_managers_report_goes_by_itself_once_the_sheets_of_its_people_are_out(ready: TinyCompany) -> None:
    release(ready)
    path = ready.state.edition(OCTOBER, 1) / "manifest.json"
    manifest = json.loads(path.read_text())
    for entry in manifest["reports"]:
        if entry["report_id"] == "team-NORTH":  # let it be the own sheet of AS02
            entry |= {"kind": "associate", "unit_id": "AS02"}
    path.write_text(json.dumps(manifest))
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        ledger.begin_sender("slow", NOW)
        sheet = claimed(ledger, "slow", "team-NORTH")
        assert send(ready).sent == 2, "South's team and its lead wait for nobody"
        waiting = [report for (report, _, _), state in stand(ready).items() if state == Hold.SHEET]
        assert waiting == ["manager-AS01", "manager-AS02"]
        assert send(ready).sent == 0
        ledger.settle(sheet.key, "slow", S.SENT, "", NOW)
        ledger.end_sender("slow", NOW)
    assert send(ready).sent == 2
    assert set(stand(ready).values()) == {S.SENT}
