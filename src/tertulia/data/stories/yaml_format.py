"""YAML stories and rules of 2.x and 3.x: nodes to stories.

Source: spec stories.md sections 3, 4 and 10.
"""

from pathlib import PurePath

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted
from tertulia.data.stories.model import StepEvent, Story, StoryData, StoryItem
from tertulia.data.stories.yaml_notes import Notes
from tertulia.data.stories.yaml_steps import StepReader
from tertulia.data.yaml import Node

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


def read_yaml(
    root: Node,
    *,
    domain: Domain | None,
    is_test: bool = False,
    diagnostics: Diagnostics,
) -> StoryData:
    """Return the stories and rules of a file; what cannot be read is noted and left out.

    domain: says what the mere name of a slot stands for. is_test: the stories are tests.
    """
    reader = _Reader(
        StepReader(
            domain=domain, is_test_file=is_test_file(root.span.file), diagnostics=diagnostics
        ),
        is_test,
        diagnostics,
    )
    return StoryData(
        stories=tuple(reader.blocks(root, "stories", "story")),
        rules=tuple(reader.blocks(root, "rules", "rule")),
    )


class _Reader:
    def __init__(self, steps: StepReader, is_test: bool, diagnostics: Diagnostics) -> None:
        self._steps = steps
        self._notes = Notes(diagnostics)
        self._is_test = is_test
        self._diagnostics = diagnostics

    def blocks(self, root: Node, section: str, title: str) -> list[Story]:
        """Return what a section of the file lists."""
        listed = root.get(section)
        if listed is None or listed.is_null:
            return []
        if not listed.is_list:
            hint = f"Write '- {title}: name' below it."
            self._notes.wrong_type(listed, f"'{section}'", "a list", hint)
            return []
        blocks: list[Story] = []
        for node in listed.elements():
            if node.key(title) is None:
                self._notes.wrong_type(
                    node,
                    f"an element of '{section}'",
                    f"a {title} with the key '{title}'",
                    f"Write '- {title}: name'.",
                )
                continue
            block = self._block(node, title)
            if block is not None:
                blocks.append(block)
        return blocks

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
            items=tuple(items),
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
