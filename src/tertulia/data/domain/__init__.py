"""Reads domain files of every generation and tells what is wrong with them, and where."""

from tertulia.data.domain.extend import with_e2e_actions, with_retrieval_intents
from tertulia.data.domain.read import read_domain, read_domain_text, read_response_section

__all__ = [
    "read_domain",
    "read_domain_text",
    "read_response_section",
    "with_e2e_actions",
    "with_retrieval_intents",
]
