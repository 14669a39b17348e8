"""A mail server that does its worst: nothing is sent twice, nothing is lost, and every state is right.

Fifty deliveries here, five hundred in long campaigns; with the ledger in SQLite, and in PostgreSQL with two senders.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.errors import OutsideError
from flows.deliver import deliver
from flows.stages.sending import Wanted
from tests.companies import OCTOBER, TinyCompany, write_company
from tests.flows.delivery.hostile import WELL, Behaviour, HostileServer, Script, answer, drop, stall
from tests.flows.mailing import (
    PASSWORD,
    Command,
    assert_true_to,
    deliveries,
    released,
    states,
    through,
    until_nothing_is_queued,
    with_readers,
)
from transforms.deliveries import DeliveryState

USERS = {"reports": PASSWORD}
BAD: tuple[Behaviour, ...] = (
    *(answer("mail", code) for code in (421, 450, 451, 552)),
    *(answer("rcpt", code) for code in (450, 451, 550, 554)),
    *(answer("data", code) for code in (421, 451, 554)),
    *(answer("body", code) for code in (451, 554)),
    *(answer("end", code) for code in (421, 450, 451, 552, 554)),
    *(drop(step) for step in ("mail", "rcpt", "data", "body", "end")),
    drop("end", taken=True),
    *(stall(step, 5.0) for step in ("mail", "rcpt", "data", "body")),
    stall("end", 5.0, taken=True),
)


def hostile(seed: int, share: float) -> Script:
    """Every kind of trouble, in an order of its own, among messages of which all is well."""
    dice = random.Random(seed)
    fates: list[Behaviour] = []
    waiting: list[Behaviour] = []

    def script(number: int) -> Behaviour:
        while len(fates) <= number:
            if not waiting:
                waiting.extend(dice.sample(BAD, len(BAD)))
            fates.append(waiting.pop() if dice.random() < share else WELL)
        return fates[number]

    return script


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> TinyCompany:
    """A company with fifty readers and an edition."""
    company = with_readers(write_company(tmp_path_factory.mktemp("many") / "company"), 45)
    company.make()
    return company


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)


def _send(company: TinyCompany) -> None:
    with suppress(OutsideError):  # the server could not be had several times in a row: what is left stays queued
        deliver(company.run(), Wanted(OCTOBER))


def _campaign(company: TinyCompany, seed: int, fewest: int) -> None:
    with HostileServer(script=hostile(seed, 0.5), users=USERS) as server:
        through(company, server)
        assert released(company) >= fewest
        until_nothing_is_queued(company, lambda: _send(company))
        lines = deliveries(company)
        assert_true_to(server, lines)
        counts = states(company)
        assert set(counts) == {"sent", "failed", "uncertain"}, counts
        server.script = lambda _: WELL
        Command(company).run("resend", str(OCTOBER), "--failed", "--by", "An operator")
        assert_true_to(server, deliveries(company))
        after = states(company)
        assert after == Counter(sent=counts["sent"] + counts["failed"], uncertain=counts["uncertain"])
        # What is uncertain goes out again on a person's word alone, and then nobody is left without a mail.
        Command(company).run("resend", str(OCTOBER), "--uncertain", "--by", "An operator")
        assert states(company) == Counter(sent=len(lines))
        assert {line.message_id for line in deliveries(company)} == set(server.accepted)


@pytest.mark.slow  # real conversations with a server that is silent for seconds
def test_fifty_deliveries_through_a_hostile_server(many: TinyCompany, tmp_path: Path) -> None:
    _campaign(many.copy(tmp_path / "company"), 7, 50)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_five_hundred_deliveries_through_a_hostile_server(tmp_path: Path, seed: int) -> None:
    company = with_readers(write_company(tmp_path / "company"), 495)
    company.make()
    _campaign(company, seed, 500)


def _two_senders(company: TinyCompany, url: str, seed: int, fewest: int) -> None:
    with HostileServer(script=hostile(seed, 0.4), users=USERS) as server:
        through(company, server, ledger=url)
        assert released(company) >= fewest
        command = Command(company)

        def send() -> None:
            both = [command.started("send", str(OCTOBER)) for _ in range(2)]
            for process in both:
                said, _ = process.communicate(timeout=600)
                assert process.returncode in (0, 3), said

        until_nothing_is_queued(company, send)
        lines = deliveries(company)
        assert_true_to(server, lines)
        assert set(states(company)) <= {"sent", "failed", "uncertain"}
        claimed = Counter(line.claimed_by for line in lines)
        assert len(claimed) > 1, claimed
        server.script = lambda _: WELL
        if states(company)["failed"]:
            command.run("resend", str(OCTOBER), "--failed")
        assert states(company)["failed"] == 0
        assert_true_to(server, deliveries(company))


@pytest.fixture
def database(new_database: Callable[[str, str], str], request: pytest.FixtureRequest) -> str:
    """The address of an empty database on a real PostgreSQL server."""
    name = "mail_" + "".join(sign if sign.isalnum() else "_" for sign in request.node.name.lower())[:40]
    return new_database(name, "").replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.slow  # a PostgreSQL server, two processes, and a mail server that is silent for seconds
def test_two_senders_on_one_postgresql_ledger_send_nothing_twice(
    many: TinyCompany, tmp_path: Path, database: str
) -> None:
    _two_senders(many.copy(tmp_path / "company"), database, 3, 50)


@pytest.mark.soak
def test_two_senders_and_five_hundred_deliveries_on_postgresql(tmp_path: Path, database: str) -> None:
    company = with_readers(write_company(tmp_path / "company"), 495)
    company.make()
    _two_senders(company, database, 5, 500)


@pytest.mark.parametrize("certificate", ["other name", "expired", "unknown authority"])
def test_with_a_bad_certificate_nothing_goes_out_and_all_stays_queued(
    many: TinyCompany, tmp_path: Path, certificate: str
) -> None:
    company = many.copy(tmp_path / "company")
    with HostileServer(users=USERS, certificate=certificate) as server:  # type: ignore[arg-type]
        through(company, server)
        queued = released(company)
        with pytest.raises(OutsideError, match="certificate"):
            deliver(company.run(), Wanted(OCTOBER))
        assert server.accepted == Counter()
        assert states(company) == Counter(queued=queued)


def test_a_wrong_password_sends_nothing_and_is_not_shown(
    many: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "not this one")
    company = many.copy(tmp_path / "company")
    with HostileServer(users=USERS) as server:
        through(company, server)
        queued = released(company)
        with pytest.raises(OutsideError) as refused:
            deliver(company.run(), Wanted(OCTOBER))
        assert "not this one" not in str(refused.value)
        assert (server.accepted, states(company)) == (Counter(), Counter(queued=queued))


@pytest.fixture
def small_server() -> Iterator[HostileServer]:
    """A server that takes only small messages."""
    with HostileServer(users=USERS, size=20_000) as server:
        yield server


def test_a_report_too_large_for_the_server_fails_with_the_reason(
    many: TinyCompany, tmp_path: Path, small_server: HostileServer
) -> None:
    company = through(many.copy(tmp_path / "company"), small_server)
    released(company)
    deliver(company.run(), Wanted(OCTOBER))
    failed = [line for line in deliveries(company) if line.state is DeliveryState.FAILED]
    assert failed
    assert all("large" in line.reason or "MB" in line.reason for line in failed), failed[0].reason
    assert small_server.accepted == Counter(
        line.message_id for line in deliveries(company) if line.state is DeliveryState.SENT
    )
