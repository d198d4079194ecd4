"""What a route asks of its callers, and what a credential grants.

Rule: a route that declares no scope is closed to everybody, so a forgotten declaration is noticed
and never an open door.
"""

from typing import Any, Literal, get_args

import msgspec

from tertulia.schema.access import KeyScope

Scope = Literal["open", "channel", KeyScope]
"""What a route may declare.

open: anybody. channel: users of the bot, so anybody, unless the channels are protected; then as
`converse`. read: look at conversations or the model. converse: take turns with the bot. write:
change conversations, or make the bot act in them. admin: change the server itself, or act on all
conversations at once.
"""

_INCLUDED: dict[KeyScope, frozenset[str]] = {
    "read": frozenset({"read"}),
    "converse": frozenset({"converse"}),
    "write": frozenset({"read", "converse", "write"}),
    "admin": frozenset(get_args(KeyScope)),
}

_SCOPE = "scope"


def declared(scope: Scope) -> dict[str, Any]:
    """Return what to give a handler as `opt`, so that it needs this scope."""
    return {_SCOPE: scope}


def scope_of(opt: dict[str, Any]) -> Scope | None:
    """Return the scope that a handler's `opt` declares, None when it declares none."""
    return opt.get(_SCOPE)


def needed(scope: Scope) -> str:
    """Return what a credential must be granted for a route of this scope."""
    return "converse" if scope == "channel" else scope


class Grant(msgspec.Struct, frozen=True):
    """What a caller may do.

    scopes: with all that they include. only: the one conversation that is reached, None for no
    such limit. prefix: what the ids of reached conversations begin with.
    """

    scopes: frozenset[str]
    only: str | None = None
    prefix: str = ""

    def holds(self, scope: str) -> bool:
        """Tell whether this scope was granted, for some conversation at least."""
        return scope in self.scopes

    def reaches(self, scope: str, conversation_id: str | None) -> bool:
        """Tell whether a route is reached. conversation_id: None for routes without one."""
        return scope in self.scopes and self.covers(conversation_id)

    def covers(self, conversation_id: str | None) -> bool:
        """Tell whether a conversation is reached; None stands for what concerns them all."""
        if self.only is None and not self.prefix:
            return True
        if conversation_id is None:
            return False
        if self.only is not None:
            return conversation_id == self.only
        return conversation_id.startswith(self.prefix)


def grant_for(*scopes: KeyScope, only: str | None = None, prefix: str = "") -> Grant:
    """Return the grant of a credential that was given these scopes."""
    included = frozenset[str]().union(*(_INCLUDED[scope] for scope in scopes))
    return Grant(included, only, prefix)


FULL = grant_for("admin")
"""Everything, everywhere."""

NOTHING = Grant(frozenset())
"""A caller who is known and may do nothing."""
