"""Which actions of a package are found, and what is wrong with those that cannot be used."""

import sys
from pathlib import Path

import pytest

from tertulia.adapters.in_process.book import load_actions
from tertulia.base.errors import BadComponent, ComponentError, MissingExtra

from .conftest import Write

ONE = """
    from tertulia.actions import Action, action

    class Greet(Action):
        name = "action_greet"

        async def run(self, ctx):
            await ctx.say_text("hello")
"""


def refusal(folder: Path, package: str = "bot_actions") -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        load_actions(package, folder)
    return caught.value


def place(error: ComponentError, folder: Path) -> str:
    assert error.at is not None
    return f"{Path(error.at.file).relative_to(folder)}:{error.at.line}"


def test_classes_and_functions_of_a_module_are_found(project: Write) -> None:
    folder = project(
        bot_actions=ONE
        + """
    @action("action_wave")
    async def wave(ctx):
        await ctx.say_text("wave")
    """
    )
    assert list(load_actions("bot_actions", folder).runs) == ["action_greet", "action_wave"]


def test_packages_are_searched_all_the_way_down(project: Write) -> None:
    folder = project(
        bot_actions__init="",
        bot_actions__deep__init="",
        bot_actions__deep__deeper=ONE,
    )
    assert list(load_actions("bot_actions", folder).runs) == ["action_greet"]


def test_a_folder_without_init_is_a_package_too(project: Write) -> None:
    folder = project(bot_actions__greeting=ONE)
    assert list(load_actions("bot_actions", folder).runs) == ["action_greet"]


def test_a_package_inside_a_package_can_be_named(project: Write) -> None:
    folder = project(bot_code__init="1 / 1", bot_code__actions=ONE)
    assert list(load_actions("bot_code.actions", folder).runs) == ["action_greet"]


def test_an_action_imported_in_several_modules_is_one(project: Write) -> None:
    folder = project(
        bot_actions__init="from bot_actions.greeting import Greet", bot_actions__greeting=ONE
    )
    assert list(load_actions("bot_actions", folder).runs) == ["action_greet"]


def test_a_base_of_other_actions_is_none_itself(project: Write) -> None:
    folder = project(
        bot_actions="""
        from tertulia.actions import Action

        class Base(Action):
            async def run(self, ctx):
                await ctx.say_text(self.text)

        class Hello(Base):
            name = "action_hello"
            text = "hello"
        """
    )
    assert list(load_actions("bot_actions", folder).runs) == ["action_hello"]


def test_two_actions_of_one_name_are_refused_with_both_places(project: Write) -> None:
    folder = project(bot_actions__init="", bot_actions__a=ONE, bot_actions__b=ONE)
    error = refusal(folder)
    assert error.code == "T509"
    assert "a.py:3" in error.message
    assert "b.py:3" in error.message
    assert place(error, folder) == "bot_actions/b.py:3"


def test_a_package_without_actions_is_refused(project: Write) -> None:
    assert refusal(project(bot_actions="x = 1")).code == "T510"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("    async def run(self, ctx): ...", "the action Odd has no name"),
        ("    name = ''\n    async def run(self, ctx): ...", "the action Odd has no name"),
        ("    name = 'action_odd'", "the action Odd has no `run`"),
        (
            "    name = 'action_odd'\n    def run(self, ctx): ...",
            "`run` of Odd is not `async def`",
        ),
        (
            "    name = 'action_odd'\n    def __init__(self, x): ...\n"
            "    async def run(self, ctx): ...",
            "the action Odd cannot be made without arguments",
        ),
    ],
)
def test_an_action_that_cannot_work_is_refused_with_its_place(
    project: Write, text: str, message: str
) -> None:
    folder = project(bot_actions=f"from tertulia.actions import Action\nclass Odd(Action):\n{text}")
    error = refusal(folder)
    assert isinstance(error, BadComponent)
    assert (error.code, error.message) == ("T511", message)
    assert place(error, folder) == "bot_actions.py:2"


@pytest.mark.parametrize("method", ["validate_size", "extract_size", "required_slots"])
def test_a_method_of_a_form_that_cannot_wait_is_refused(project: Write, method: str) -> None:
    folder = project(
        bot_actions=f"""
        from tertulia.actions import FormValidation

        class ValidatePizza(FormValidation):
            form = "pizza_form"

            def {method}(self, *given):
                return None
        """
    )
    assert refusal(folder).message == f"`{method}` of ValidatePizza is not `async def`"


def test_a_missing_package_is_named_with_the_line_that_wants_it(project: Write) -> None:
    folder = project(bot_actions__init="", bot_actions__a="import json\nimport no_such_thing.x")
    error = refusal(folder)
    assert isinstance(error, MissingExtra)
    assert error.code == "T507"
    assert "'no_such_thing'" in error.message
    assert place(error, folder) == "bot_actions/a.py:2"


def test_a_missing_sdk_comes_with_both_remedies(
    project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rasa_sdk", None)
    error = refusal(project(bot_actions="from rasa_sdk import Action"))
    assert error.code == "T507"
    assert "pip install rasa-sdk" in error.hint
    assert "python -m rasa_sdk --actions bot_actions" in error.hint


def test_a_missing_module_of_the_package_itself_is_a_missing_import(project: Write) -> None:
    folder = project(bot_actions__init="\nfrom bot_actions import gone")
    error = refusal(folder)
    assert error.code == "T506"
    assert place(error, folder) == "bot_actions/__init__.py:1"


def test_a_package_that_is_not_there_is_refused(project: Write) -> None:
    error = refusal(project(other="x = 1"))
    assert error.code == "T505"
    assert "no package of actions 'bot_actions'" in error.message


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("x = 1\ny = undefined\n", "NameError", 2),
        ("x = 1\n\ndef broken(:\n", "SyntaxError", 3),
        ("import sys\nsys.exit(3)\n", "SystemExit", 2),
        ("def f():\n    return 1 / 0\nf()\n", "ZeroDivisionError", 2),
    ],
)
def test_code_that_fails_on_import_is_refused_with_its_line(
    project: Write, text: str, kind: str, line: int
) -> None:
    folder = project(bot_actions=text)
    error = refusal(folder)
    assert (error.code, place(error, folder)) == ("T506", f"bot_actions.py:{line}")
    assert kind in error.message


def test_a_fault_inside_a_library_is_placed_where_the_bot_called_it(project: Write) -> None:
    folder = project(bot_actions="import json\n\njson.loads('{')\n")
    assert place(refusal(folder), folder) == "bot_actions.py:3"


def test_a_package_hidden_by_an_installed_one_is_refused(project: Write) -> None:
    error = refusal(project(json=ONE), "json")
    assert error.code == "T508"


def test_the_project_comes_last_on_the_path(project: Write) -> None:
    folder = project(bot_actions=ONE)
    load_actions("bot_actions", folder)
    assert sys.path[-1] == str(folder)
