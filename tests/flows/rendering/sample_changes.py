"""What is changing, as the pages must bear it, and the months and natural ranges that all samples draw."""

import math
from collections.abc import Sequence

from transforms import charts, wording
from transforms.report_model import Sense, ShiftBlock, Table

MONTHS = 24


def wave(seed: int, *, level: float = 100.0, spread: float = 6.0, months: int = MONTHS) -> list[float]:
    """Months that look like months: the same for the same seed."""
    return [
        round(level + spread * (math.sin(seed * 1.7 + n * 0.9) + 0.7 * math.cos(seed + n * 2.3)), 2)
        for n in range(months)
    ]


def control(months: Sequence[float], flags: dict[int, str] | None = None, restart: int = 0) -> charts.Control:
    """A natural range around the months' mean, begun anew at a month."""
    groups = [int(bool(restart) and place >= restart) for place in range(len(months))]
    means = [
        sum(value for value, own in zip(months, groups, strict=True) if own == group) / groups.count(group)
        for group in groups
    ]
    return charts.Control(
        mean=means, lower=[mean - 14 for mean in means], upper=[mean + 14 for mean in means],
        flags=[(flags or {}).get(place, "") for place in range(len(months))], groups=groups, restart=restart,
    )  # fmt: skip


def shift(
    label: str, unit: str, sentence: str, cause: str, sense: Sense = Sense.WORSE, at: int = 17, move: float = -14,
    **more: str | tuple[str, ...],
) -> ShiftBlock:  # fmt: skip
    """A lasting shift with its chart."""
    months = [value + (move if place >= at else 0) for place, value in enumerate(wave(at + 1))]
    return ShiftBlock.model_validate({
        "unit_kind": "manager", "unit_id": "A17", "metric": label.lower(), "label": label, "unit": unit,
        "sentence": sentence, "cause": cause, "sense": sense,
        "chart": charts.shift_chart(
            months, [100.0] * 24, at, (100.0, 100.0 + move), alt=f"{label}. {sentence} {cause}"
        ),
        **more,
    })  # fmt: skip


SHIFTS = (
    shift("Revenue", "k€", "Lower since April 2026: 412 before, 356 after (−13.6%).",
          "Conditions: 83% of the other managers’ people in the company moved in the same months, which makes up 90% "
          "of it.",
          events="In the same months: A competitor opens a trade portal (2 Mar 2026). A coincidence in time, no cause.",
          proposal="Proposed: a new baseline from April 2026, at 356. About 360 would then be expected."),
    shift("Customer satisfaction", "%", "Higher since February 2026: 84.3 before, 89.4 after (+5.1 pts).",
          "Mostly its own: what the other managers’ people in the company did makes up less than half of it.",
          Sense.BETTER, 16, 14,
          accepted="Accepted from February 2026 on: Service manager, 4 Mar 2026. The service desk answers at once."),
    shift("Visits per person", "", "64 before June 2026, 55 after (−14.1%).",
          "Its people changed: 67% of them were not there before. Not read as a change.", Sense.NONE, 19, -8,
          whose="Team South", earlier=("Earlier: higher since January 2025: 58 before, 64 after (+10.3%).",)),
)  # fmt: skip
AGAIN = (
    wording.the_same_again(
        wording.Repeat("Visits per person", "shared visit plan", ("Mar 2026", "May 2026", "Jul 2026"))
    ),
)
_DIFFERENCES = (-49.0, -6.0, -3.0, -58.0, -36.0, -6.0, -16.0)
CHANGING = (
    Table(title="Revenue by segment, k€", columns=("Segment", "Oct 2026", "Oct 2025", "Difference", "Mix", "Rate"),
          align=("left", "right", "right", "right", "right", "right"),
          rows=(("Businesses", "241", "290", "−49", "−10", "−12"), ("Consumers", "98", "104", "−6", "+4", "−3"),
                ("Public bodies", "14", "17", "−3", "0", "−1"), ("Total", "353", "411", "−58", "−6", "−16"),
                ("Volume", "", "", "−36", "", ""), ("Mix", "", "", "−6", "", ""), ("Rate", "", "", "−16", "", "")),
          bars=charts.waterfall(_DIFFERENCES, [place == 3 for place in range(7)],
                                [f"{difference:.0f}." for difference in _DIFFERENCES]),
          bar_column=4, bar_label="What it is made of", note=wording.parts_note(rate=False)),
)  # fmt: skip
