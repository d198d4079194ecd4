"""Tests a model on stories: what it would have done against what was expected."""
