"""Blocks of code in the documents are valid, and links lead somewhere."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import parse
from tests.docs.pages import ROOT, Block, anchors, blocks, links, pages

KNOWN = ("", "sh", "yaml", "json", "python", "text", "markdown", "diff", "dockerfile", "nginx")


def _name(value: object) -> str:
    return value.name if isinstance(value, Block) else str(value)


@pytest.mark.parametrize("block", blocks("sh"), ids=_name)
def test_shell_blocks_are_shell(block: Block) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("block", blocks("yaml"), ids=_name)
def test_yaml_blocks_are_yaml(block: Block) -> None:
    diagnostics = Diagnostics()
    node = parse(block.text, file=block.name, env={}, diagnostics=diagnostics)
    assert (node is not None, diagnostics.problems) == (True, [])


@pytest.mark.parametrize("block", blocks("json"), ids=_name)
def test_json_blocks_are_json(block: Block) -> None:
    assert json.loads(block.text) is not None


def test_python_blocks_compile() -> None:
    for block in blocks("python"):
        compile(block.text, block.name, "exec", dont_inherit=True)


def test_no_block_has_an_unknown_language() -> None:
    every = [line for page in pages() for line in page.read_text(encoding="utf-8").splitlines()]
    assert {line[3:] for line in every if line.startswith("```")} - set(KNOWN) == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_document_is_reached_from_the_index() -> None:
    listed = {
        (ROOT / "docs" / link.partition("#")[0]).resolve()
        for link in links(ROOT / "docs" / "index.md")
    }
    written = {page for page in (ROOT / "docs").rglob("*.md") if "adr" not in page.parts}
    assert written - listed - {ROOT / "docs" / "index.md"} == set()


def test_tests_that_documents_name_exist() -> None:
    named = {
        path
        for page in pages()
        for path in re.findall(r"`(tests/[\w/.]+)`", page.read_text(encoding="utf-8"))
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    assert len(named) > 10
