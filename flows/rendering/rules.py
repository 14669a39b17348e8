"""Draws the lines between table rows, one path a page and kind of line, as decoration outside the reading order.

WeasyPrint draws a border on each cell by itself, clipped and marked one by one, which was a tenth of a report's time.
Style sheets give the line as the row's bottom border, which browsers draw where borders collapse.
"""

from collections import defaultdict
from typing import Any

from weasyprint.document import Page
from weasyprint.formatting_structure.boxes import TableRowBox


def draw_row_rules(page: Page) -> None:
    """Make the page paint its row lines after everything else."""
    rules: dict[tuple[Any, float], list[tuple[float, float, float]]] = defaultdict(list)
    for box in page._page_box.descendants():  # noqa: SLF001 - the boxes are not to be had otherwise
        if isinstance(box, TableRowBox) and (thickness := box.style["border_bottom_width"]):
            colour = box.style["border_bottom_color"]
            foot = box.position_y + box.height - thickness
            rules[colour, thickness].append((box.position_x, foot, box.width))
    if not rules:
        return
    paint = page.paint

    def paint_with_rules(stream: Any, scale: float = 1) -> None:
        paint(stream, scale)
        with stream.artifact(), stream.stacked():
            stream.transform(a=scale, d=scale)
            for (colour, thickness), lines in rules.items():
                stream.set_color(colour)
                for x, y, width in lines:
                    stream.rectangle(x, y, width, thickness)
                stream.fill()

    page.paint = paint_with_rules
