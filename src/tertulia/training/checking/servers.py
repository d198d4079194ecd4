"""What the bot needs of other servers, against endpoints.yml.

Source: spec evaluation.md section 3, endpoints.md.
"""

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Domain
from tertulia.schema.endpoints import Endpoints
from tertulia.training.checking.usage import Usage, is_called_by_product


def check_action_server(
    domain: Domain, usage: Usage, endpoints: Endpoints, diagnostics: Diagnostics
) -> None:
    """Note custom actions that stories, mappings or forms call while nothing runs them."""
    if endpoints.action_endpoint is not None:
        return
    called = _called(domain, usage)
    if not called:
        return
    first = min(called, key=lambda name: (name not in usage.first, name))
    what = f"the custom action '{first}' runs"
    if len(called) > 1:
        what = f"{len(called)} custom actions, such as '{first}', run"
    places = {one.name: one.at for one in (*domain.forms.values(), *domain.actions)}
    diagnostics.hint(
        "T376",
        f"{what} on an action server, and endpoints.yml has no action_endpoint",
        hint="Add 'action_endpoint:' with the server's 'url', or with 'module' to run the "
        "actions here.",
        at=usage.first.get(first) or places.get(first),
    )


def _called(domain: Domain, usage: Usage) -> list[str]:
    """Return the custom actions that stories, mappings or forms call."""
    mapped = {m.action for slot in domain.slots.values() for m in slot.mappings if m.action}
    return [
        name
        for name in usage.outside
        if name in usage.actions or name in mapped or is_called_by_product(name, domain)
    ]
