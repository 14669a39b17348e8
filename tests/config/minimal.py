"""The smallest good configuration, to break or to build on.

Does not belong here: extracts to go with it.
"""

from pathlib import Path

FILES = {
    "company.yaml": """\
name: Minimal
currency: EUR
time_zone: Europe/Berlin
""",
    "extracts.yaml": """\
people:
  kind: hr
  source:
    files: people/{month}.csv
  columns:
    associate: {from: Personnel No}
    name: {}
    team: {}
    manager: {}
    valid_from: {}
  history: effective_dated
orders:
  kind: sales
  source:
    files: orders/{month}.csv
  columns:
    order_id: id
    sold_by: id
    sold_on: date
    amount: money
    segment: text
  key: order_id
  date: sold_on
  associate: sold_by
  main_measure: amount
""",
    "metrics.yaml": """\
revenue:
  label: Revenue
  extract: orders
  value: sum(amount)
  unit: money
  good: up
  stage: result
""",
}
"""Name and text of each file."""


def write_minimal(directory: Path, **overrides: str | None) -> Path:
    """Write the minimal configuration into a directory, made where it is missing, and return the directory.

    An override is a file's whole text, named by its stem (`metrics="…"`, `identities="…"`); None leaves it out.
    """
    directory.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str | None] = dict(FILES)
    for stem, text in overrides.items():
        ending = "csv" if stem in ("identities", "decisions", "corrections") else "yaml"
        texts[f"{stem}.{ending}"] = text
    for name, text in texts.items():
        if text is not None:
            (directory / name).write_text(text, encoding="utf-8")
    return directory


def changed(file: str, old: str, new: str) -> str:
    """A minimal file's text with one part replaced. Raises ValueError where the part is not there."""
    if old not in FILES[file]:
        raise ValueError(f"“{old}” is not in the minimal {file}")
    return FILES[file].replace(old, new, 1)
