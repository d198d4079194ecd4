"""Checks and extracts what a form asks for.

Source: spec sdk.md section 6.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from tertulia.actions.action import Action
from tertulia.actions.context import Context, show_slot

Json = Any
Validator = Callable[[Json, Context], Awaitable[Json]]
Extractor = Callable[[Context], Awaitable[Json]]

REQUESTED_SLOT = "requested_slot"


class FormValidation(Action):
    """The action `validate_<form>`; a subclass gives `form`, and methods per slot.

    `async def validate_<slot>(self, value, ctx)` returns the value to keep, None to ask again.
    `async def extract_<slot>(self, ctx)` returns a value found in the message, None for none.
    A slot without a validator keeps its value. In method names, `-` of a slot is written `_`.
    """

    form: str

    def __init_subclass__(cls) -> None:
        """Derive the action's name from the form's."""
        super().__init_subclass__()
        if "form" in vars(cls) and "name" not in vars(cls):
            cls.name = f"validate_{cls.form}"

    async def required_slots(self, domain_slots: Sequence[str], ctx: Context) -> Sequence[str]:
        """Return the slots that the form needs, in the order they are asked for.

        domain_slots: those that the domain lists. Asked again whenever a slot has changed.
        """
        return domain_slots

    async def run(self, ctx: Context) -> None:
        """Extract, validate, and choose the next slot when the required ones were changed."""
        listed = self._domain_slots(ctx)
        candidates = _candidates(ctx.events)
        for slot in await self.required_slots(listed, ctx):
            found = await self._extract(slot, ctx)
            if found is not None:
                candidates[slot] = found
                show_slot(ctx, slot, found)
        required = set(await self.required_slots(listed, ctx))
        for slot, value in candidates.items():
            if slot in required:
                ctx.set_slot(slot, await self._validate(slot, value, ctx))
        needed = await self.required_slots(listed, ctx)
        if list(needed) != list(listed):
            missing = (slot for slot in needed if ctx.slots.get(slot) is None)
            ctx.set_slot(REQUESTED_SLOT, next(missing, None))

    def _domain_slots(self, ctx: Context) -> Sequence[str]:
        forms: Mapping[str, Json] = ctx.domain.get("forms") or {}
        form: Mapping[str, Json] = forms.get(self.form) or {}
        return tuple(form.get("required_slots") or ())

    async def _extract(self, slot: str, ctx: Context) -> Json:
        extract = cast(Extractor | None, getattr(self, _method("extract", slot), None))
        return None if extract is None else await extract(ctx)

    async def _validate(self, slot: str, value: Json, ctx: Context) -> Json:
        validate = cast(Validator | None, getattr(self, _method("validate", slot), None))
        return value if validate is None else await validate(value, ctx)


def _method(verb: str, slot: str) -> str:
    return f"{verb}_{slot.replace('-', '_')}"


def _candidates(events: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the slots of the last run of `slot` events: what the message filled."""
    first = len(events)
    while first and events[first - 1].get("event") == "slot":
        first -= 1
    return {event["name"]: event.get("value") for event in events[first:]}
