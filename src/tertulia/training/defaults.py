"""Policies for a configuration that lists none.

Source: spec policies.md section 1 (0.x), nlu.md section 7 (3.x).
"""

from typing import Final

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Generation
from tertulia.data.yaml import Node, parse

_LEGACY: Final = """\
- name: KerasPolicy
  epochs: 100
  max_history: 5
- name: FallbackPolicy
  fallback_action_name: action_default_fallback
- name: MemoizationPolicy
  max_history: 5
- name: FormPolicy
- name: MappingPolicy
"""

_MODERN: Final = """\
- name: MemoizationPolicy
- name: RulePolicy
- name: UnexpecTEDIntentPolicy
  max_history: 5
  epochs: 100
- name: TEDPolicy
  max_history: 5
  epochs: 100
"""


def suggested_policies(
    generation: Generation, at: SourceSpan | None, diagnostics: Diagnostics
) -> Node:
    """Return the generation's default policies; that they are used is noted.

    0.x has a packaged default file, so leaving the policies out is usual there and not noted.
    """
    text = _LEGACY if generation is Generation.LEGACY else _MODERN
    own = Diagnostics()
    node = parse(text, file="<suggested policies>", diagnostics=own)
    own.raise_if_errors()
    if node is None:
        raise AssertionError("the suggested policies are no YAML")
    if generation is Generation.MODERN:
        names = ", ".join(str(one.plain()["name"]) for one in node.elements())
        diagnostics.warning(
            "T148",
            f"there are no policies, so the suggested ones are used: {names}",
            hint="Write them down to keep them.",
            at=at,
        )
    return node
