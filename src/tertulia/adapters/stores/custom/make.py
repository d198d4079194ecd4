"""Makes an object of a class that endpoints.yml names.

Rule: the operator names the class. Whatever its code raises becomes one error with its cause.

Source: spec endpoints.md section 6 (custom class parameters).
"""

import inspect
from typing import Any

from tertulia.adapters.stores.custom.border import Border
from tertulia.adapters.stores.custom.store import OriginalStore
from tertulia.base.errors import BadComponent
from tertulia.core.ports import TrackerStore
from tertulia.schema.stores import CustomStore

_METHODS = ("save", "retrieve", "keys")


async def open_custom(kind: type[Any], config: CustomStore) -> TrackerStore:
    """Return a store of this class: as it is when it is a `TrackerStore`, else behind an adapter.

    A class with an async class method `open` is opened by it, any other is called.

    Raises:
        BadComponent: it has neither our methods nor save, retrieve and keys.
        StoreUnavailable: it could not be made.
    """
    border = Border(config.path)
    make = kind.open if hasattr(kind, "open") else kind
    made: Any = await border.call(make, **arguments_of(make, config.arguments))
    if isinstance(made, TrackerStore):
        border.close()
        return made
    if not all(callable(getattr(made, name, None)) for name in _METHODS):
        border.close()
        raise BadComponent(
            f"the tracker store '{config.path}' has neither the methods of a TrackerStore nor "
            f"{', '.join(_METHODS)}",
            hint="See docs/howto/stores.md, a store of your own.",
        )
    return OriginalStore(made, border)


def arguments_of(make: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return what to call a class with, as its generation of the originals would be called.

    3.x: host, domain, event_broker, and the rest. 0.x and 1.x: domain, url, and the rest. Of these
    names only those that the signature has are passed, or all of 3.x when it takes any.
    """
    names, takes_any = _parameters(make)
    where = "url" if "url" in names else "host"
    usual = {"domain": None, where: given.get("url")}
    if where == "host":
        usual["event_broker"] = None
    is_theirs = "domain" in names
    wanted = {
        name: value for name, value in usual.items() if name in names or (takes_any and is_theirs)
    }
    rest = {name: value for name, value in given.items() if name != "url"}
    if "url" in given and where not in wanted:
        rest["url"] = given["url"]
    return {**rest, **wanted}


def _parameters(make: Any) -> tuple[set[str], bool]:
    """Return the names that a call takes, and whether it takes any other."""
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return set(), False  # written in another language
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    return {each.name for each in parameters}, takes_any
