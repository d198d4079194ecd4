"""A spaCy model of a few words, written to a folder: vectors, tags, lemmas and one kind of name."""

from pathlib import Path

import numpy as np
import spacy

WORDS = {
    "hello": (1.0, 0.1, 0.0),
    "hi": (0.9, 0.2, 0.0),
    "hey": (1.0, 0.0, 0.1),
    "book": (0.0, 1.0, 0.1),
    "reserve": (0.1, 0.9, 0.0),
    "table": (0.0, 0.8, 0.3),
    "bye": (0.0, 0.1, 1.0),
    "farewell": (0.1, 0.0, 0.9),
}


def write_tiny_spacy(folder: Path, *, vectors: bool = True, name: str = "Ada") -> Path:
    """Write the model; `name` is the only person it knows."""
    language = spacy.blank("en")
    if vectors:
        for word, numbers in WORDS.items():
            language.vocab.set_vector(word, np.asarray(numbers, dtype=np.float32))
    tagger = language.add_pipe("attribute_ruler")
    tagger.add([[{"LOWER": "tables"}]], {"TAG": "NNS", "LEMMA": "table"})
    tagger.add([[{"LOWER": {"IN": ["book", "reserve"]}}]], {"TAG": "VB"})
    language.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": name}])
    language.to_disk(folder)
    return folder
