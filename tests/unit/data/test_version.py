"""The version key of YAML files."""

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.version import is_readable_version
from tertulia.data.yaml import parse


@pytest.mark.parametrize(
    ("text", "readable", "codes"),
    [
        ("{}", True, []),
        ("version: '2.0'", True, []),
        ("version: '3.1'", True, []),
        ("version: 3.1", True, ["T125"]),
        ("version: newest", True, ["T126"]),
        ("version: '3.2'", False, ["T127"]),
        ("version: '10.0'", False, ["T127"]),
    ],
)
def test_a_version_decides_whether_a_file_is_read(text: str, readable: bool, codes: list[str]):
    diagnostics = Diagnostics()
    root = parse(text, file="f", diagnostics=diagnostics)
    assert root is not None
    assert is_readable_version(root, diagnostics=diagnostics) is readable
    assert [problem.code for problem in diagnostics.problems] == codes
