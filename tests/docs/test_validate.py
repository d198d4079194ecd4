"""The table of what makes a check fail is the one that the program goes by."""

import re

from tertulia.training.validate import ALWAYS_FAILING, NEVER_FAILING
from tests.docs.pages import ROOT, section

PAGE = ROOT / "docs" / "reference" / "cli.md"


def _row(ending: str) -> set[str]:
    lines = section(PAGE, "### tertulia data validate").splitlines()
    (row,) = [one for one in lines if one.startswith("| `warning` T") and one.endswith(ending)]
    return set(re.findall(r"T\d{3}", row))


def test_warnings_that_always_fail_are_listed() -> None:
    assert _row("| 1 |") == ALWAYS_FAILING


def test_warnings_that_never_fail_are_listed() -> None:
    assert _row("| 0 |") == NEVER_FAILING
