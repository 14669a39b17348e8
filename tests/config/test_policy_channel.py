"""Policy violations and corrective action are recognised however their column is called, and little else is."""

import pytest

from config.policy_channel import is_policy_column, is_policy_value


@pytest.mark.parametrize(
    "header",
    [
        "disciplinary", "Disciplinary failure", "DISCIPLINARY_ACTION", "disciplinaryActions", "warning_letter",
        "Warning Letters",
        "WarningLetterCount", "written-warning", "final warning date", "violation", "PolicyViolations",
        "policy_violation_type",
        "corrective_action", "Corrective Actions", "correctiveMeasure", "misconduct",
        "Gross Misconduct",
        "write_up", "writeups", "reprimand", "sanctions", "infraction", "performance improvement plan",
        "termination_reason", "grievance_id",
        "disciplined", "warningletter", "Abmahnung", "Anzahl Abmahnungen", "ABMAHNUNG_DATUM",
        "Verstoß", "Verstöße", "Regelverstoss", "Pflichtverletzung",
        "Fehlverhalten", "Disziplinarmaßnahme", "Ermahnung",
        "Avertissement", "faute_grave", "Mise à pied", "Sanction disciplinaire",
        "sanción", "amonestaciones", "advertência", "sanzioni", "berisping", "nagana",
    ],
)  # fmt: skip
def test_policy_columns_are_recognised(header: str) -> None:
    assert is_policy_column(header), header


@pytest.mark.parametrize("header", ["Warning Letter", "policy violation", "Corrective Action", "Avertissement"])
@pytest.mark.parametrize("separator", ["_", "-", " ", ".", "", "__"])
def test_case_and_separators_do_not_matter(header: str, separator: str) -> None:
    written = separator.join(header.split())
    assert is_policy_column(written.upper())
    assert is_policy_column(written.lower())
    assert is_policy_column(written + "s")


@pytest.mark.parametrize(
    "header",
    [
        "amount", "order_id", "discipline", "warning", "action", "corrected_amount", "corrections", "reason", "status",
        "resolved_at", "Betrag", "Verstorben", "Vorname", "verweildauer", "faute", "nom", "termination_date", "write",
        "leave_date", "policy_number", "policy_holder", "performance", "team", "", "訂單", "first_name", "final_price",
    ],
)  # fmt: skip
def test_other_columns_are_not(header: str) -> None:
    assert not is_policy_column(header)


def test_values_are_told_the_same_way() -> None:
    assert is_policy_value("Written warning")
    assert not is_policy_value("Progress")
