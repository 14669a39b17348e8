"""What a person asks for: small changes, samples, a look before sending; and the domain of Message-IDs."""

import pytest

from config.loader import load_config
from flows.cli.main import main
from flows.stages.lifting import lift
from flows.stages.mails import domain_of
from flows.stages.recording import open_ledger
from flows.stages.samples import send_sample
from tests.companies import TinyCompany
from tests.flows.test_delivering import DELIVERY, LATE, NOW, lines_of, mails, release, send, stand, told
from transforms.deliveries import DeliveryLine, DeliveryState, Hold

S = DeliveryState


@pytest.fixture
def ready(company: TinyCompany) -> TinyCompany:
    """The tiny company with its first edition and a delivery.yaml; its deliveries wait."""
    return told(company, DELIVERY)


def command(company: TinyCompany, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--config", str(company.config), "--state", str(company.state.root)])
    return int(str(ended.value.code or 0))


@pytest.mark.soak
def test_a_small_change_goes_on_a_named_persons_word_alone(ready: TinyCompany) -> None:
    told(ready, f"{DELIVERY}mail_changes_over: 0.9\n")
    release(ready, ["team-NORTH"])
    send(ready)
    told(ready, f"{DELIVERY}mail_changes_over: 0.9\nteam_reports_to: [manager, managers_manager]\n")
    ready.append("sales/2026-10.csv", LATE)
    ready.make()
    # Another reader's copy of the report is released: that is no word for this one.
    assert release(ready, ["team-NORTH"]).deliveries == 1

    def small() -> DeliveryLine:
        place = ("team-NORTH", 2, "as02@tiny.example")
        return next(one for one in lines_of(ready) if (one.key.report_id, one.key.edition, one.key.recipient) == place)

    assert small().hold is Hold.SMALL_CHANGE
    with open_ledger(load_config(ready.config), ready.state) as ledger:
        assert lift(ledger, [small()], "operator", NOW) == []
    asked = ("--to", "as02@tiny.example", "--report", "team-NORTH", "--by", "A person")
    assert command(ready, "resend", "2026-10", *asked) == 0
    assert (small().state, small().requeued_by) == (S.SENT, "A person")


def test_a_sample_to_a_readers_own_address_leaves_the_mail_that_was_sent(ready: TinyCompany) -> None:
    release(ready)
    send(ready)
    before = {path: path.read_bytes() for path in (ready.state.root / "outbox").rglob("*.eml")}
    send_sample(ready.run(), "as02@tiny.example", ["team-NORTH"], NOW)
    after = {path: path.read_bytes() for path in (ready.state.root / "outbox").rglob("*.eml")}
    assert {path: after[path] for path in before} == before
    (sample,) = set(after) - set(before)
    assert sample.parent == ready.state.root / "outbox" / "2026-10" / "1" / "samples"


def test_commands_that_only_ask_send_nothing(ready: TinyCompany, capsys: pytest.CaptureFixture[str]) -> None:
    release(ready)
    ready.change("data/people.csv", "as06@tiny.example", "other@tiny.example")
    assert command(ready, "send", "2026-10", "--report", "team-NORHT") == 2
    assert "Did you mean team-NORTH?" in capsys.readouterr().err
    assert command(ready, "send", "2026-10", "--to-me", "operator@tiny.example", "--dry-run") == 0
    assert "Would send: a sample of team-NORTH to operator@tiny.example" in capsys.readouterr().out
    assert command(ready, "send", "2026-10", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "Would send: team-NORTH of 2026-10 to as02@tiny.example" in said
    assert "Would hold: team-SOUTH of 2026-10 to as06@tiny.example: hr of" in said
    assert "5 deliveries are queued, of which 2 would be held; nothing was sent." in said
    assert mails(ready) == []
    assert set(stand(ready).values()) == {S.QUEUED}


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("Reports, Tiny Ltd <reports@tiny.example>", "tiny.example"),
        ("Tiny: reports <reports@tiny.example>", "tiny.example"),
        ("Tiny (reports) <reports@tiny.example>", "tiny.example"),
        ("reports@münchen.example", "xn--mnchen-3ya.example"),
        ("jörg@tiny.example", "yardstick.invalid"),
    ],
    ids=["comma", "colon", "parentheses", "umlaut", "no-address"],
)
def test_a_message_id_has_the_senders_domain(company: TinyCompany, sender: str, domain: str) -> None:
    told(company, f"sender: '{sender}'\nallowed_domains: [tiny.example]\n")
    assert domain_of(load_config(company.config)) == domain
