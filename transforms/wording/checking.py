"""What the checks found, in a few words."""

from transforms.wording.words import counted


def found_by_checks(findings: int, critical: int, rows: int, rows_written: str) -> str:
    """What the checks of an extract found: 2 findings, none critical; 3 rows set aside."""
    found = "no finding"
    if findings:
        how = f"{critical} critical" if critical else ("none critical" if findings > 1 else "not critical")
        found = f"{counted(findings, 'finding', 'findings')}, {how}"
    return f"{found}; {rows_written} {'row' if rows == 1 else 'rows'} set aside" if rows else found


def lacking_rows(extract: str, rows: int, rows_written: str, of_written: str) -> str:
    """That a unit's figures lack rows of its own."""
    were, lack = ("was", "lack it") if rows == 1 else ("were", "lack them")
    return f"{rows_written} of the {of_written} {extract} rows behind this report {were} set aside: its figures {lack}."
