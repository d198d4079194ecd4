"""Intents that are several at once, `greet+book`: examples of each, put together from their parts.

A message of two intents shares its words with examples of both, so both teach what the
combination looks like. Only combinations of which there is an example are ever recognised, as in
the originals.

Source: spec nlu.md section 7.2 for the names of parameters.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tertulia.data.nlu import Example

_MOST = 200
_BETWEEN = ", "


def combined_examples(examples: Sequence[Example], symbol: str) -> list[Example]:
    """Return more examples of the combinations, each until it has as many as its parts together.

    symbol: between the intents in a combination's name. Every second one has its parts in the
    opposite order.
    """
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.intent:
            by_intent[example.intent].append(example)
    found: list[Example] = []
    for label, own in by_intent.items():
        parts = label.split(symbol)
        if len(parts) > 1 and all(part in by_intent for part in parts):
            wanted = min(_MOST, sum(len(by_intent[part]) for part in parts))
            found += _put_together(label, parts, by_intent, count=wanted - len(own))
    return found


def _put_together(
    label: str, parts: Sequence[str], by_intent: Mapping[str, Sequence[Example]], *, count: int
) -> Iterator[Example]:
    own = [by_intent[part] for part in parts]
    for number in range(max(0, count)):
        round_ = number // len(own[0])
        chosen = [few[(number + place * round_) % len(few)] for place, few in enumerate(own)]
        texts = [example.text for example in (reversed(chosen) if number % 2 else chosen)]
        yield Example(text=_BETWEEN.join(texts), intent=label, span=chosen[0].span)
