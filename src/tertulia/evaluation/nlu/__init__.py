"""Tests an NLU pipeline on examples: intents, entities by extractor, selected responses."""
