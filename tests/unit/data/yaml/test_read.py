"""Files to nodes: what is missing, too large or no text."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import read_file


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path):
    path = tmp_path / "a.yml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\n")
    diagnostics = Diagnostics()
    node = read_file(path, diagnostics=diagnostics)
    assert node is not None
    assert node.plain() == {"a": "é"}
    assert node.get("a") is not None
    assert node.span.file == str(path)
    assert diagnostics.problems == []


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [(None, "T111", 0), (b"a: 1\nb: \xff\n", "T113", 2), (b"a: 12345678901", "T114", 0)],
)
def test_an_unreadable_file_is_a_problem_and_gives_nothing(
    tmp_path: Path, content: bytes | None, code: str, line: int
):
    path = tmp_path / "a.yml"
    if content is not None:
        path.write_bytes(content)
    diagnostics = Diagnostics()
    assert read_file(path, diagnostics=diagnostics, max_bytes=12) is None
    [problem] = diagnostics.errors
    assert problem.at is not None
    assert (problem.code, problem.at.line) == (code, line)


def test_a_folder_is_no_file(tmp_path: Path):
    diagnostics = Diagnostics()
    assert read_file(tmp_path, diagnostics=diagnostics) is None
    assert [problem.code for problem in diagnostics.errors] == ["T111"]
