"""Online learning: the model in the conversation learns each correction before the next step."""

import asyncio
from collections.abc import Sequence

from tertulia.app import RandomIds
from tertulia.base.errors import NothingLearns
from tertulia.core.events import Event
from tertulia.engine.service import Service
from tertulia.model.packed import Packed
from tertulia.model.teach import taught

_PASSES = 30


class OnlineLearning:
    """Exchanges the model of a service for one that knows a correction. Its file stays as it is.

    Told of corrections one after the other; where no policy learns, it does nothing.
    """

    def __init__(self, service: Service, packed: Packed) -> None:
        self._service = service
        self._packed = packed

    async def __call__(self, events: Sequence[Event]) -> None:
        """Learn a conversation up to a correction."""
        model_id = RandomIds().new()
        try:
            self._packed = await asyncio.to_thread(
                taught, self._packed, events, passes=_PASSES, model_id=model_id
            )
        except NothingLearns:
            return
        await self._service.keeper.serve(self._packed)
