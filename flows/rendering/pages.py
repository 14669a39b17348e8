"""The edition's own pages for a browser: the index of its reports, and what the checks found. One file each."""

from transforms.index_model import ChecksModel, IndexModel


def render_index(index: IndexModel) -> str:
    """The index page: it needs no network, and its search is a convenience that the page does without."""
    from flows.rendering.templates import page_html

    return page_html("index.html.j2", index)


def render_checks(checks: ChecksModel) -> str:
    """What the checks found, extract by extract, and where the rows went."""
    from flows.rendering.templates import page_html

    return page_html("checks.html.j2", checks)
