"""The page of the architecture knows every room, the layers, and the parts of the engine."""

import configparser
import re

from tests.docs.pages import ROOT, section

PAGE = ROOT / "ARCHITECTURE.md"
PACKAGE = ROOT / "src" / "tertulia"


def test_the_layers_are_those_of_the_contract() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contracts["importlinter:contract:layers"]["layers"].split("\n")
    wanted = [re.findall(r"\w+", line) for line in lines if line]
    written = section(PAGE, "## 3. Who may import whom").split("```")[1]
    listed = [re.findall(r"\w+", line) for line in written.split("\n")[1:] if line]
    assert listed == wanted


def test_every_room_is_described() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    described = re.findall(r"^  (\w+)/", section(PAGE, "## 2. Rooms"), re.MULTILINE)
    assert set(described) == rooms


def test_every_module_of_the_engine_is_described() -> None:
    text = section(PAGE, "## 4. One message, in a straight line")
    modules = {path.stem for path in (PACKAGE / "engine").glob("*.py")} - {"__init__"}
    assert {name for name in modules if f"`{name}`" not in text} == set()


def test_the_page_stays_readable() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) < 300
