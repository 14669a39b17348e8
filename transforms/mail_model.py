"""What the mail around a report says, as finished words: a summary of three lines, taken from the report model alone.

A mail is read on a locked phone and over shoulders: it names nobody but whose report it is, and claims nothing that the
report does not. Does not belong here: markup (`flows.rendering`), addresses and sending (`flows.delivery`).
"""

from collections.abc import Sequence

from pydantic import Field

from transforms import wording
from transforms.report_model import Part, ReportKind, ReportModel, Sense

_NAMED_AT_MOST = 3
_CHANGES_AT_MOST = 6
_LONGEST_FILE_NAME = 120
SAMPLE = (
    "This is a sample for whoever releases the reports. It was asked for by hand; no reader has received it by this."
)


class MailModel(Part):
    """One mail, whole."""

    language: str
    """BCP 47."""
    company: str
    subject: str
    kicker: str
    """Which report, of which month."""
    title: str
    """Whose report it is."""
    greeting: str
    summary: tuple[str, str, str] = Field(min_length=3, max_length=3)
    """What the month shows, how many measures have which status, and what comes next."""
    changes_title: str = ""
    changes: tuple[str, ...] = ()
    """In a later edition: what changed since an earlier one, which a reader of the report has."""
    attached: str
    """What the attachment is."""
    file_name: str
    """Of the attached PDF, in plain ASCII."""
    fairness: str
    reply: str
    """How to ask and how to contest."""
    footer: str
    """Why one receives it."""


def mail_of(
    report: ReportModel,
    *,
    company: str,
    changes: Sequence[str] = (),
    edition: int = 1,
    since: int = 0,
    pages: int = 0,
    name: str = "",
    sample: bool = False,
) -> MailModel:
    """The mail for a report.

    `changes` are sentences on what changed since edition `since` (0: unknown), the oldest copy among the report's
    readers; `pages` of the PDF (0: not told); `name` is the reader's, for the greeting. A `sample` says in subject and
    footer that it is for whoever releases the reports.
    """
    kind = report.kind_label.lower()
    told = tuple(changes[:_CHANGES_AT_MOST])
    if len(changes) > len(told):
        told += (f"{len(changes) - len(told)} more, told on the report's first page.",)
    edition_told = f", edition {edition}" if edition > 1 else ""
    return MailModel(
        language=report.language,
        company=company,
        subject=("Sample: " if sample else "")
        + f"{report.kind_label}, {report.month_label}{edition_told}: {report.title}",
        kicker=f"{report.kind_label} · {report.month_label}" + (f" · Edition {edition}" if edition > 1 else ""),
        title=report.title,
        greeting=f"Hello {name}," if name else "Hello,",
        summary=(report.glance.headline, counts(report), next_step(report)),
        changes_title=_changes_title(since) if told else "",
        changes=told,
        attached=f"The whole {kind} is attached as a PDF" + (f" of {_pages(pages)}." if pages else "."),
        file_name=_file_name(report, edition),
        fairness="No status triggers anything by itself: it opens a conversation.",
        reply="Is something unclear, or wrong? Reply to this mail. A status can be contested: until that is answered, "
        "it is not shown.",
        footer=SAMPLE if sample else _footer(report, company),
    )


def counts(report: ReportModel) -> str:
    """How many measures are ahead, as expected, below and have too little data; the others together."""
    found = [row.status.text for block in report.glance.blocks for row in block.rows]
    if not found:
        return "No measure is shown."
    kinds = {
        wording.BELOW: [text for text in found if wording.is_status(text, wording.BELOW)],
        wording.AHEAD: [text for text in found if wording.is_status(text, wording.AHEAD)],
        wording.AS_EXPECTED: [text for text in found if wording.is_status(text, wording.AS_EXPECTED)],
        f"with {wording.TOO_LITTLE}": [text for text in found if wording.is_status(text, wording.TOO_LITTLE)],
    }
    others = len(found) - sum(map(len, kinds.values()))
    parts = [f"{len(texts)} {kind}" for kind, texts in kinds.items() if texts]
    parts += [f"{others} without a status"] if others else []
    return f"Of {wording.counted(len(found), 'measure', 'measures')}: {', '.join(parts)}."


def next_step(report: ReportModel) -> str:
    """What to talk about, else what is asked next month. Nobody is named."""
    if report.conversations:
        return _conversations(report)
    asked = [f"{wording.lowered(row.label)} {row.expected}" for row in report.ahead]
    month = report.glance.ahead_label
    if not asked:
        return f"Nothing is asked for {month} yet."
    rest = len(asked) - _NAMED_AT_MOST
    named = [*asked[:_NAMED_AT_MOST], f"{rest} more"] if rest > 0 else asked
    return f"Asked for {month}: {wording.listed(named)}."


def _conversations(report: ReportModel) -> str:
    people = len(report.conversations)
    are = wording.counted(people, "conversation is", "conversations are")
    below = sum(1 for block in report.conversations if block.sense is Sense.WORSE)
    ahead = sum(1 for block in report.conversations if block.sense is Sense.BETTER)
    if not below and not ahead:
        return f"{are} prepared; nothing in {'it' if people == 1 else 'them'} is {wording.BELOW} or {wording.AHEAD}."
    parts = [f"{below} with a measure {wording.BELOW}"] if below else []
    parts += [f"{ahead} with a measure {wording.AHEAD}"] if ahead else []
    return f"{are} prepared, the due ones first: {wording.listed(parts)}."


def _file_name(report: ReportModel, edition: int) -> str:
    """A report's id is plain ASCII already, but may be longer than mail programs like."""
    ending = f"-edition-{edition}.pdf" if edition > 1 else ".pdf"
    return f"{report.month}-{report.report_id}"[: _LONGEST_FILE_NAME - len(ending)] + ending


def _footer(report: ReportModel, company: str) -> str:
    """A team's report may hang on the wall; what names people is for its reader."""
    kind = report.kind_label.lower()
    alone = "" if report.kind is ReportKind.TEAM else " It is made for you: please do not forward it."
    return f"You receive this because {company} names you as a reader of this {kind}.{alone} Sent automatically."


def _changes_title(since: int) -> str:
    """Of the edition, not of a copy: the reader may have had none, or a later one."""
    return f"Changed since edition {since}" if since else "What changed"


def _pages(pages: int) -> str:
    return wording.counted(pages, "page", "pages")
