"""The working copy of one message, on which the components of a pipeline write in turn."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from tertulia.core.domain.model import Generation
from tertulia.core.entity_server import EntityServer
from tertulia.core.understanding import NOTHING_UNDERSTOOD, RankedIntent, Understanding
from tertulia.ml.spacy_text import SpacyText
from tertulia.ml.sparse import FloatArray

Json = Any


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word of the text. start, end: character offsets, end exclusive.

    lemma, tag: dictionary form and part of speech, where a language model knows them.
    """

    text: str
    start: int
    end: int
    lemma: str = ""
    tag: str = ""


class Block(msgspec.Struct, frozen=True):
    """Features of the whole text from one featurizer: terms, repeats count.

    source: the featurizer's alias or key. kind: `words`, `chars` or `patterns`.
    """

    source: str
    kind: str
    terms: Collection[str]

    @property
    def key(self) -> str:
        """The name under which vocabularies keep this block."""
        return f"{self.source}/{self.kind}"


class Message:
    """One text on its way through a pipeline; belongs to one thread.

    token_features: per token, feature texts of featurizers, in groups that come again as they are;
    each text once.
    ranking: None when no classifier with a ranking ran. entity_server: whom components may ask,
    None for nobody. vectors: of the whole text, (n,) float32 of length one, each with the alias or
    key of its featurizer. word_vectors: likewise, of a table of words; all zeros where it knows
    none of them. spacy: the text as spaCy sees it, None without SpacyNLP.
    """

    __slots__ = (
        "blocks",
        "entities",
        "entity_server",
        "intent",
        "ranking",
        "response_selector",
        "spacy",
        "text",
        "token_features",
        "tokens",
        "vectors",
        "word_vectors",
    )

    def __init__(self, text: str, entity_server: EntityServer | None = None) -> None:
        self.text = text
        self.entity_server = entity_server
        self.tokens: list[Token] = []
        self.blocks: list[Block] = []
        self.vectors: list[tuple[str, FloatArray]] = []
        self.word_vectors: list[tuple[str, FloatArray]] = []
        self.token_features: list[list[tuple[str, ...]]] = []
        self.intent: RankedIntent = NOTHING_UNDERSTOOD
        self.ranking: list[RankedIntent] | None = None
        self.entities: list[dict[str, Json]] = []
        self.response_selector: dict[str, Json] | None = None
        self.spacy: SpacyText | None = None

    def set_tokens(self, tokens: list[Token]) -> None:
        """Replace the tokens; their features begin empty."""
        self.tokens = tokens
        self.token_features = [[] for _ in tokens]

    def add_features(self, at: int, groups: Iterable[tuple[str, ...]]) -> None:
        """Add features to a token; what it has already is left out."""
        own = self.token_features[at]
        if own:
            known = set(chain.from_iterable(own))
            groups = [tuple(one for one in group if one not in known) for group in groups]
        own.extend(groups)

    def document(self, sources: Sequence[str] = ()) -> dict[str, Collection[str]]:
        """Return blocks by key; only those of `sources` when some are given."""
        return {
            block.key: block.terms
            for block in self.blocks
            if not sources or block.source in sources
        }

    def vectors_of(self, sources: Sequence[str] = ()) -> list[FloatArray]:
        """Return what language models made of the text; only those of `sources`, if any."""
        return _chosen(self.vectors, sources)

    def word_vectors_of(self, sources: Sequence[str] = ()) -> list[FloatArray]:
        """Return what tables of words made of the text; only those of `sources`, if any."""
        return _chosen(self.word_vectors, sources)

    def understanding(self, generation: Generation) -> Understanding:
        """Return the result in the shape of a generation.

        Source: spec nlu.md section 8.
        """
        modern = generation is Generation.MODERN
        spans = tuple((token.start, token.end) for token in self.tokens)
        return Understanding(
            text=self.text,
            intent=self.intent,
            entities=tuple(self.entities),
            intent_ranking=None if self.ranking is None else tuple(self.ranking),
            full_intent=self._full_intent(),
            response_selector=self.response_selector,
            tokens=spans if modern and self.tokens else None,
        )

    def _full_intent(self) -> str | None:
        chosen, name = self.response_selector, self.intent.name
        if chosen is None or name is None or name not in chosen["all_retrieval_intents"]:
            return None
        selected: Mapping[str, Json] | None = chosen.get(name, chosen.get("default"))
        return None if selected is None else selected["response"]["intent_response_key"]


def _chosen(vectors: Sequence[tuple[str, FloatArray]], sources: Sequence[str]) -> list[FloatArray]:
    return [vector for source, vector in vectors if not sources or source in sources]
