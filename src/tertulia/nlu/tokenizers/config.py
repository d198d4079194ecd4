"""What all tokenizers can be told."""

import msgspec

from tertulia.nlu.patterns import refuse_broken


class TokenizerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """token_pattern: each word is cut into the matches of this pattern; None: words stay.

    intent_tokenization_flag: an intent's name may be several, joined by intent_split_symbol.
    """

    token_pattern: str | None = None
    intent_tokenization_flag: bool = False
    intent_split_symbol: str = "_"

    def __post_init__(self) -> None:
        """Refuse a broken pattern, and a symbol that joins nothing."""
        refuse_broken(self.token_pattern)
        refuse_empty(self.intent_split_symbol)


def refuse_empty(symbol: str) -> None:
    """Raise ValueError for an empty symbol between intents."""
    if not symbol:
        raise ValueError("intent_split_symbol must not be empty")
