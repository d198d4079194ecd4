"""YAML stories and rules of 2.x and 3.x: nodes to stories.

Source: spec stories.md sections 3, 4 and 10.
"""

from collections.abc import Mapping
from pathlib import PurePath

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted
from tertulia.data.stories.model import StepEvent, Story, StoryData, StoryItem
from tertulia.data.stories.placed import Packer
from tertulia.data.stories.yaml_notes import Notes
from tertulia.data.stories.yaml_steps import StepReader
from tertulia.data.yaml import Node, Taker

_STORY_KEYS = frozenset({"story", "steps", "metadata"})
_RULE_KEYS = frozenset(
    {"rule", "steps", "condition", "conversation_start", "wait_for_user_input", "metadata"}
)


def is_stories(root: Node) -> bool:
    """Whether a YAML file holds stories or rules (among other things)."""
    return root.key("stories") is not None or root.key("rules") is not None


def is_test_file(file: str) -> bool:
    """Whether a file's name marks it as test stories."""
    return PurePath(file).name.startswith("test_")


class YamlStories:
    """Reads one file. takers: of its sections, for `parse`, so that each story's tree is dropped
    as soon as the story is read.
    """

    def __init__(
        self, file: str, *, domain: Domain | None, is_test: bool = False, packer: Packer
    ) -> None:
        """domain: says what the mere name of a slot stands for. is_test: the stories are tests."""

        def section(name: str, title: str) -> _Section:
            found = Diagnostics()
            steps = StepReader(domain=domain, is_test_file=is_test_file(file), diagnostics=found)
            return _Section(name, title, steps, is_test, packer, found)

        self._stories = section("stories", "story")
        self._rules = section("rules", "rule")
        self.takers: Mapping[str, Taker] = {
            one.name: one.take for one in (self._stories, self._rules)
        }

    def data(self, root: Node, *, diagnostics: Diagnostics) -> StoryData:
        """Return what was read; what cannot be read is noted and left out. root: of the file."""
        return StoryData(
            stories=self._stories.finish(root, diagnostics),
            rules=self._rules.finish(root, diagnostics),
        )


class _Section:
    """Stories or rules of one file. Problems wait until it is known that the file is to be used."""

    def __init__(
        self,
        name: str,
        title: str,
        steps: StepReader,
        is_test: bool,
        packer: Packer,
        diagnostics: Diagnostics,
    ) -> None:
        self.name = name
        self._title = title
        self._steps = steps
        self._notes = Notes(diagnostics)
        self._is_test = is_test
        self._packer = packer
        self._diagnostics = diagnostics
        self._blocks: list[Story] = []

    def finish(self, root: Node, diagnostics: Diagnostics) -> tuple[Story, ...]:
        """Return the blocks that were taken, and those still in the file's tree."""
        listed = root.get(self.name)
        if listed is not None and not listed.is_null and not listed.is_list:
            hint = f"Write '- {self._title}: name' below it."
            self._notes.wrong_type(listed, f"'{self.name}'", "a list", hint)
        elif listed is not None:
            for node in listed.elements():
                self.take(node)
        diagnostics.extend(self._diagnostics.problems)
        return tuple(self._blocks)

    def take(self, node: Node) -> None:
        """Read one element."""
        title = self._title
        if node.key(title) is None:
            self._notes.wrong_type(
                node,
                f"an element of '{self.name}'",
                f"a {title} with the key '{title}'",
                f"Write '- {title}: name'.",
            )
            return
        block = self._block(node, title)
        if block is not None:
            self._blocks.append(block)

    def _block(self, node: Node, title: str) -> Story | None:
        is_rule = title == "rule"
        self._notes.unknown_keys(node, _RULE_KEYS if is_rule else _STORY_KEYS, f"a {title}")
        name = self._name(node, title)
        steps = node.get("steps")
        if name is None:
            return None
        if steps is None or steps.is_null or (steps.is_list and not steps.elements()):
            self._diagnostics.warning(
                "T318",
                f"the {title} '{name}' has no steps and is skipped",
                hint="Add steps or remove it.",
                at=node.span,
            )
            return None
        if not steps.is_list:
            self._notes.wrong_type(steps, "'steps'", "a list", "Write '- intent: name' below it.")
            return None
        items = [
            item for step in steps.elements() for item in self._steps.step(step, is_rule=is_rule)
        ]
        if is_rule:
            items = self._framed(node, items)
        return Story(
            name=name,
            items=self._packer.packed(items),
            is_rule=is_rule,
            is_test=self._is_test and not is_rule,
            at=node.span,
        )

    def _name(self, node: Node, title: str) -> str | None:
        written = node.get(title) or node
        name = self._notes.text(written, title)
        if name == "":
            self._diagnostics.warning(
                "T318",
                f"this {title} has no name",
                hint=f"Write '{title}: name'; problems are reported by it.",
                at=written.span,
            )
        return name

    def _framed(self, node: Node, steps: list[StoryItem]) -> list[StoryItem]:
        """Return a rule's conditions, the mark of what may be before, steps, and after."""
        items: list[StoryItem] = []
        condition = node.get("condition")
        if condition is not None and not condition.is_null:
            if not condition.is_list:
                self._notes.wrong_type(
                    condition, "'condition'", "a list", "Write '- active_loop: name' below it."
                )
            for element in condition.elements():
                items += self._steps.condition(element)
        if not self._flag(node, "conversation_start", default=False):
            items.append(_snippet(node.span))
        items += steps
        if not self._flag(node, "wait_for_user_input", default=True):
            items.append(_snippet(node.span))
        return items

    def _flag(self, node: Node, key: str, *, default: bool) -> bool:
        written = node.get(key)
        if written is None or written.is_null:
            return default
        if not isinstance(written.value, bool):
            self._notes.wrong_type(written, f"'{key}'", "true or false", "Write true or false.")
            return default
        return written.value


def _snippet(at: SourceSpan) -> StepEvent:
    return StepEvent(ActionExecuted(name=RULE_SNIPPET_ACTION), at)
