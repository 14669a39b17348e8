"""Samples: finished reports of the newest edition, mailed to the operator before anything is released.

Does not belong here: mails to readers (`sending`). A sample has no line in the ledger's deliveries.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from config.errors import OutsideError, RefusedError
from flows.delivery import AddressError, parse_address
from flows.stages.mails import domain_of, model_of, written
from flows.stages.recording import recorded
from flows.stages.release import named_reports, refuse_foreign_names
from flows.stages.run import MonthRun
from flows.stages.sending import transport_of
from flows.state.editions import ReportEntry, newest_edition
from transforms.deliveries import DeliveryKey, DeliveryLine, DeliveryState


def send_sample(
    run: MonthRun, address: str, reports: Sequence[str], now: datetime, *, dry_run: bool = False
) -> list[str]:
    """Mail the named reports, by default the first of each kind, to one address. Returns what to tell, a line each.

    The PDFs are read back first; with `dry_run` nothing else is done. Raises RefusedError where one shows what its
    reader may not see, or the address is of no allowed domain.
    """
    config = run.config
    try:
        domain = parse_address(address).address.rpartition("@")[2].casefold()
    except AddressError as error:
        raise RefusedError(str(error)) from error
    allowed = {one.casefold() for one in config.delivery.allowed_domains}
    if (allowed or config.delivery.transport != "outbox") and domain not in allowed:
        raise RefusedError(
            f"{domain} is none of the allowed domains, and a sample is a whole report.",
            fix="Use an address of one of them, or add it to allowed_domains in delivery.yaml.",
        )
    edition = newest_edition(run.state, run.month)
    if edition is None:
        raise RefusedError(f"There is no edition of {run.month}.", fix=f"Make it: yardstick run {run.month}")
    entries = named_reports(edition, reports)
    chosen = entries if reports else _first_of_each_kind(entries)
    refuse_foreign_names(run.state, edition, chosen)
    if dry_run:
        return [f"Would send: a sample of {entry['report_id']} to {address}" for entry in chosen]
    told = []
    with (
        recorded(config, run.state, "sample", run.month),
        run.state.mailing(),
        transport_of(config, run.state, samples=True) as transport,
    ):
        for entry in chosen:
            key = DeliveryKey(run.month, entry["edition"], entry["report_id"], address)
            # Asked for again it is another mail.
            line = DeliveryLine(
                key, DeliveryState.SENDING, None, "", f"<yardstick.sample.{uuid.uuid4().hex}@{domain_of(config)}>",
                entry["sha256"], now, now, 1, "",
            )  # fmt: skip
            mail = written(config, edition, entry, line, model_of(config, edition, entry, sample=True))
            result = transport.send(mail, lambda: None)
            if result.outcome != "sent":
                raise OutsideError(f"The sample of {entry['report_id']} was not sent: {result.reason}")
            told.append(f"Sample of {entry['report_id']} sent to {address}: {result.reason}")
    return told


def _first_of_each_kind(entries: Sequence[ReportEntry]) -> list[ReportEntry]:
    chosen: dict[str, ReportEntry] = {}
    for entry in entries:
        chosen.setdefault(entry["kind"], entry)
    return list(chosen.values())
