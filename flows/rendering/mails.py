"""The mail around a report, as plain text and as HTML that survives Outlook and a narrow phone."""

import re
from functools import cache
from typing import TYPE_CHECKING

from transforms.mail_model import MailModel

if TYPE_CHECKING:
    from jinja2 import Environment

_BLANK_LINES = re.compile(r"\n{3,}")


def render_mail(model: MailModel) -> tuple[str, str]:
    """Text and HTML of one mail. The HTML loads nothing from anywhere."""
    from flows.rendering.templates import template

    text = _text_environment().get_template("mail/mail.txt.j2").render(mail=model)
    return _BLANK_LINES.sub("\n\n", text), template("mail/mail.html.j2").render(mail=model)


@cache
def _text_environment() -> "Environment":
    """As for pages, but nothing is escaped: this is no markup."""
    from flows.rendering.templates import environment

    return environment().overlay(autoescape=False, keep_trailing_newline=True)
