"""What NLU makes of a message."""

from typing import Any

import msgspec

Json = Any


class RankedIntent(msgspec.Struct, frozen=True):
    """An intent with its confidence in [0, 1]; name None: nothing was recognised."""

    name: str | None
    confidence: float


class Understanding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of parsing one message.

    intent_ranking: best first, None when the classifier has none. full_intent: `base/key` of a
    retrieval intent.
    response_selector: the wire's object of that name, when a selector ran.
    tokens: character offsets (start, end) of each token. extra: further keys of the answer.
    """

    text: str
    intent: RankedIntent
    entities: tuple[dict[str, Json], ...] = ()
    intent_ranking: tuple[RankedIntent, ...] | None = None
    full_intent: str | None = None
    response_selector: dict[str, Json] | None = None
    tokens: tuple[tuple[int, int], ...] | None = None
    extra: dict[str, Json] = {}

    def as_dict(self) -> dict[str, Json]:
        """Return the wire form: keys of the originals' parse result (spec nlu.md section 8)."""
        intent: dict[str, Json] = {"name": self.intent.name, "confidence": self.intent.confidence}
        if self.full_intent is not None:
            intent["full_retrieval_intent_name"] = self.full_intent
        out: dict[str, Json] = {
            "text": self.text,
            "intent": intent,
            "entities": [dict(entity) for entity in self.entities],
        }
        if self.tokens is not None:
            out["text_tokens"] = [list(span) for span in self.tokens]
        if self.intent_ranking is not None:
            out["intent_ranking"] = [
                {"name": ranked.name, "confidence": ranked.confidence}
                for ranked in self.intent_ranking
            ]
        if self.response_selector is not None:
            out["response_selector"] = self.response_selector
        out.update(self.extra)
        return out


NOTHING_UNDERSTOOD = RankedIntent(None, 0.0)
