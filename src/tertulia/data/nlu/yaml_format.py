"""YAML NLU data of 2.x and 3.x: the keys `nlu` and `responses` of a file.

Source: nlu.md section 3.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.data.nlu.collect import Collector
from tertulia.data.nlu.model import NluData
from tertulia.data.version import is_readable_version
from tertulia.data.yaml import Node

_KINDS = ("intent", "synonym", "regex", "lookup")
_SECTION_KEYS = (*_KINDS, "examples", "metadata")
_BLOCK_HINT = "Write 'examples: |' and below it one line '- ...' for each."


def is_nlu(root: Node) -> bool:
    """Whether a YAML file holds NLU data: `nlu` or `responses` at the root.

    An `nlu` with a `url` is the address of an NLU server in an endpoints file.
    """
    nlu = root.get("nlu")
    if nlu is not None and nlu.get("url") is not None:
        return False
    return nlu is not None or root.get("responses") is not None


def read_yaml(root: Node, *, file: str, diagnostics: Diagnostics) -> NluData:
    """Return the NLU data of a YAML tree; other root keys are left alone, problems noted."""
    collector = Collector(file, diagnostics)
    if not is_readable_version(root, diagnostics=diagnostics):
        return collector.finish()
    nlu = root.get("nlu")
    if nlu is not None and not nlu.is_null:
        if nlu.is_list:
            for item in nlu.elements():
                _section(item, collector)
        else:
            _wrong(collector, nlu, "'nlu' must be a list", "Start each section with '- '.")
    _responses(root.get("responses"), collector)
    return collector.finish()


def _wrong(collector: Collector, node: Node, message: str, hint: str) -> None:
    collector.diagnostics.error("T332", f"{message}, got {node.kind}", hint=hint, at=node.span)


def _section(item: Node, collector: Collector) -> None:
    kind = next((kind for kind in _KINDS if item.get(kind) is not None), None)
    name = item.get(kind) if kind else None
    if not item.is_map or kind is None or name is None:
        collector.diagnostics.error(
            "T332",
            "this is no section of NLU data",
            hint="Write '- intent: name' (or synonym, regex, lookup), then 'examples: |'.",
            at=item.span,
        )
        return
    _check_keys(kind, item, collector)
    title = _title(kind, name, collector)
    if title is None:
        return
    if kind == "intent":
        _intent(title, name, item, collector)
    else:
        _words(kind, title, item, collector)


def _check_keys(kind: str, item: Node, collector: Collector) -> None:
    for key in item.all_keys():
        if key.text not in _SECTION_KEYS or (key.text in _KINDS and key.text != kind):
            collector.diagnostics.error(
                "T332",
                f"a section '{kind}' has no key '{key.text}'",
                hint=nearest(key.text, _SECTION_KEYS) or "Known: examples, metadata.",
                at=key.span,
            )


def _title(kind: str, name: Node, collector: Collector) -> str | None:
    """Return the name of a section, None when it has none that can be used."""
    if not isinstance(name.value, str):
        hint = "Put the name in quotes." if name.is_scalar else ""
        _wrong(collector, name, f"the name of a section '{kind}' must be text", hint)
        return None
    title = name.value.strip()
    if title:
        return title
    collector.diagnostics.warning(
        "T336",
        f"this {kind} has no name and is skipped",
        hint=f"Write '- {kind}: name'.",
        at=name.span,
    )
    return None


def _intent(label: str, name: Node, item: Node, collector: Collector) -> None:
    if not collector.is_label(label, name.span):
        return
    metadata: dict[str, Any] = {}
    if (about := item.get("metadata")) is not None:
        metadata["intent"] = about.plain()
    examples = item.get("examples")
    if _is_empty(examples):
        _no_examples("intent", label, item.span, collector)
    elif examples is not None and examples.is_list:
        for one in examples.elements():
            _listed(label, one, metadata, collector)
    elif examples is not None and isinstance(examples.value, str):
        for text, at in _block_lines(examples, collector):
            collector.annotated(label, text, at, dict(metadata))
    elif examples is not None:
        _wrong(collector, examples, "'examples' must be a block of text or a list", _BLOCK_HINT)


def _listed(label: str, one: Node, metadata: dict[str, Any], collector: Collector) -> None:
    text = one.get("text")
    if text is None or not isinstance(text.value, str):
        _wrong(
            collector,
            text or one,
            "an example in a list must be a mapping with a 'text'"
            if text is None
            else "the text of an example must be text",
            "Write '- text: the example', or 'examples: |' and one line '- ...' for each.",
        )
        return
    for key in one.all_keys():
        if key.text not in ("text", "metadata"):
            collector.diagnostics.error(
                "T332",
                f"an example has no key '{key.text}'",
                hint="Known: text, metadata.",
                at=key.span,
            )
    stripped = text.value.strip()
    if not stripped:
        _skipped_line(text.span, collector)
        return
    about = dict(metadata)
    if (own := one.get("metadata")) is not None:
        about["example"] = own.plain()
    collector.annotated(label, stripped, text.span, about)


def _words(kind: str, title: str, item: Node, collector: Collector) -> None:
    if (about := item.key("metadata")) is not None:
        collector.diagnostics.error(
            "T332",
            f"a section '{kind}' has no key 'metadata'",
            hint="Only intents have metadata.",
            at=about.span,
        )
    examples = item.get("examples")
    if _is_empty(examples) or examples is None:
        _no_examples(kind, title, item.span, collector)
        return
    if not isinstance(examples.value, str):
        _wrong(
            collector, examples, f"the examples of a {kind} must be a block of text", _BLOCK_HINT
        )
        return
    adders: dict[str, Callable[[str, SourceSpan], None]] = {
        "synonym": lambda text, at: collector.synonym(text, title, at),
        "regex": lambda text, at: collector.regex(title, text, at),
        "lookup": lambda text, at: collector.lookup(title, (text,), at),
    }
    add = adders[kind]
    for text, at in _block_lines(examples, collector):
        add(text, at)


def _is_empty(examples: Node | None) -> bool:
    if examples is None or examples.is_null or examples.value == ():
        return True
    return isinstance(examples.value, str) and not examples.value.strip()


def _no_examples(kind: str, title: str, at: SourceSpan, collector: Collector) -> None:
    collector.diagnostics.warning(
        "T337",
        f"the {kind} '{title}' has no examples",
        hint=f"{_BLOCK_HINT} Or remove it.",
        at=at,
    )


def _block_lines(block: Node, collector: Collector) -> Iterator[tuple[str, SourceSpan]]:
    """Yield the examples of a block, each with its own line where the style keeps lines."""
    first = block.span.line + 1 if block.style == "|" else 0
    for number, line in enumerate(str(block.value).rstrip("\n").split("\n")):
        at = SourceSpan(collector.file, first + number) if first else block.span
        text = line[1:].strip() if line.startswith("-") else ""
        if text:
            yield text, at
        else:
            _skipped_line(at, collector)


def _skipped_line(at: SourceSpan, collector: Collector) -> None:
    collector.diagnostics.warning(
        "T334",
        "this line is no example and is skipped",
        hint="Start every example with '- ', at the same indentation.",
        at=at,
    )


def _responses(responses: Node | None, collector: Collector) -> None:
    if responses is None or responses.is_null:
        return
    if not responses.is_map:
        _responses_wrong(collector, responses, "'responses' must be a mapping")
    for name, variations in responses.items():
        if variations.is_list:
            collector.responses(name.text, tuple(variations.elements()))
        else:
            _responses_wrong(
                collector, variations, f"the response '{name.text}' must be a list of variations"
            )


def _responses_wrong(collector: Collector, node: Node, message: str) -> None:
    collector.diagnostics.error(
        "T343",
        f"{message}, got {node.kind}",
        hint="Write 'responses:', 'utter_name:', then '- text: ...' lines.",
        at=node.span,
    )
