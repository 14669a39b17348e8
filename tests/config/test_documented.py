"""The examples in docs/configuration.md are one configuration that loads."""

import re
from pathlib import Path

from config.loader import load_config
from config.models import Config, ExtractKind
from tests.config.minimal import FILES

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")


def example(heading: str) -> str:
    """The first fenced block below a heading of the page."""
    below = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    found = re.search(r"^```(?:yaml|text)\n(.*?)^```$", below, re.MULTILINE | re.DOTALL)
    assert found, f"no example below {heading}"
    return found[1]


def documented(directory: Path) -> Config:
    """The page's examples in the files they stand for; but for metrics, of which the page shows one of many."""
    extracts = [
        example("## extracts.yaml"), example("### Patterns that are corrected"), example("### The columns of hr"),
        example("### Control totals"),
    ]  # fmt: skip
    texts = {
        "company.yaml": example("## company.yaml"),
        "extracts.yaml": "".join(extracts),
        "metrics.yaml": FILES["metrics.yaml"].replace("orders", "sales"),
        "delivery.yaml": example("## delivery.yaml"),
        "schedule.yaml": example("## schedule.yaml"),
        "checks.yaml": example("## checks.yaml"),
        "identities.csv": example("## identities.csv"),
        "decisions.csv": example("## decisions.csv"),
        "corrections.csv": example("## corrections.csv"),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    return load_config(directory)


def test_the_examples_of_the_page_load_together(tmp_path: Path) -> None:
    config = documented(tmp_path)
    assert config.extracts["totals"].kind is ExtractKind.CONTROL
    assert config.extracts["totals"].date == "month"
    assert list(config.extracts["sales"].correct[0].put) == ["currency", "amount"]
    assert len(config.suite("sales").checks) == 5
    assert config.suite("sales").accepted[0].check == config.suite("sales").checks[4].title
    assert (config.corrections[0].key, config.corrections[0].line) == ("AB001148", 2)
