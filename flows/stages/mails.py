"""The mail of one delivery: the report's words around its PDF.

Does not belong here: what a mail says (`transforms.mail_model`), its markup (`flows.rendering`), its bytes and its way
(`flows.delivery`).
"""

from collections.abc import Iterator

from pydantic import ValidationError

from config.errors import OutsideError
from config.models import Config
from flows.delivery import AddressError, Attachment, Mail, parse_address
from flows.rendering import render_mail
from flows.stages.copies import changes_file, read_model
from flows.state.editions import Edition, ReportEntry
from transforms.deliveries import DeliveryLine
from transforms.mail_model import MailModel, mail_of
from transforms.reader_changes import ChangedRow, ReaderChanges

NOBODY = "reports@yardstick.invalid"
"""The sender where none is configured: only the outbox takes it."""


def mail_for(config: Config, edition: Edition, entry: ReportEntry, line: DeliveryLine) -> Mail:
    """The mail of a delivery. Raises OutsideError where the report's files cannot be read."""
    return written(config, edition, entry, line, model_of(config, edition, entry))


def model_of(config: Config, edition: Edition, entry: ReportEntry, *, sample: bool = False) -> MailModel:
    """What the mail says."""
    report = read_model(edition, entry["report_id"])
    if report is None:
        raise OutsideError(
            f"The model of {entry['report_id']} of edition {edition.number} of {edition.month} cannot be read.",
            fix="Restore it from a backup, or make a new edition.",
        )
    since = entry.get("since", 0)
    return mail_of(
        report,
        company=config.company.name,
        changes=tuple(_lines(_changes(edition, entry))) if since else (),
        edition=entry["edition"],
        since=since,
        pages=entry["pages"],
        sample=sample,
    )


def written(config: Config, edition: Edition, entry: ReportEntry, line: DeliveryLine, model: MailModel) -> Mail:
    """The mail of a delivery, with what it says. Its date is that of its release, so that a second try is the same."""
    text, html = render_mail(model)
    path = edition.folder / entry["file"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutsideError(f"{path} cannot be read: {error.strerror}.", fix="Restore it from a backup.") from error
    delivery = config.delivery
    return Mail(
        message_id=line.message_id,
        sender=delivery.sender or NOBODY,
        reply_to=delivery.reply_to,
        recipient=line.key.recipient,
        subject=model.subject,
        text=text,
        html=html,
        attachments=(Attachment(model.file_name, content),),
        date=line.queued_at or line.changed_at,
        language=model.language,
        month=line.key.month,
        edition=line.key.edition,
        report_id=line.key.report_id,
    )


def domain_of(config: Config) -> str:
    """The domain of Message-IDs, in ASCII. Nobody's where the sender is no address: sending refuses that one."""
    try:
        return parse_address(config.delivery.sender or NOBODY).domain
    except AddressError:
        return parse_address(NOBODY).domain


def _changes(edition: Edition, entry: ReportEntry) -> ReaderChanges | None:
    try:
        return ReaderChanges.model_validate_json(changes_file(edition.folder, entry["report_id"]).read_bytes())
    except (OSError, ValidationError):
        return None


def _lines(changes: ReaderChanges | None) -> Iterator[str]:
    """The report's own measures, then why. Rows of people stay in the PDF: a mail is read over shoulders."""
    if changes is None:
        return
    own = [group for group in changes.groups if not group.title]
    for group in own:
        yield from (_row(row) for row in group.rows)
    if len(own) < len(changes.groups):
        yield "More changed in the tables of the report; its first page lists it."
    yield from changes.why


def _row(row: ChangedRow) -> str:
    parts = [
        f"{name} {change.was} → {change.now}"
        for name, change in (("figure", row.figure), ("expected", row.expected), ("status", row.status))
        if change is not None
    ]
    unit = f" ({row.unit})" if row.unit else ""
    return f"{row.label}{unit}: {'; '.join(parts) or row.note}"
