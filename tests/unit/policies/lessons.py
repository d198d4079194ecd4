"""Builders of trained policies from stories written as text."""

from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.generate import generate
from tertulia.data.stories.read import read_stories_text
from tertulia.policies.policy import Policy, PolicyTraining


def lesson(bot: Domain, text: str, *, augmentation: int = 0) -> PolicyTraining:
    """Return what policies learn from these stories (Markdown for old bots, else YAML)."""
    diagnostics = Diagnostics()
    legacy = bot.generation is Generation.LEGACY
    stories = read_stories_text(
        text,
        file="stories.md" if legacy else "data.yml",
        domain=bot,
        diagnostics=diagnostics,
    )
    diagnostics.raise_if_errors()
    table = StateTable(bot)
    conversations = generate(
        stories, bot, rules_for(bot), augmentation=augmentation, states=training_history(table)
    )
    return PolicyTraining(
        domain=bot, table=table, conversations=list(conversations), diagnostics=Diagnostics()
    )


def trained(kind: type[Policy], data: PolicyTraining, **settings: Any) -> Policy:
    """Return the policy after training, storing and loading it."""
    config = kind.Config(**settings)
    return kind.from_parts(config, kind.train(config, data).parts(), data.domain)
