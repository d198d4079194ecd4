"""Typed shape of every file a person configures the product with."""
