"""The bot in service: one assistant at a time, swapped as a whole, and its conversations."""

from tertulia.base.errors import ModelError
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel, TrackerStore
from tertulia.engine.assistant import Assistant
from tertulia.engine.operations import Operations
from tertulia.engine.process import Processor


class Service:
    """What a server serves. assistant: None until a model is loaded."""

    def __init__(self, processor: Processor, assistant: Assistant | None) -> None:
        self.processor = processor
        self.operations = Operations(processor)
        self.assistant = assistant

    @property
    def store(self) -> TrackerStore:
        """Return where conversations are kept."""
        return self.processor.conversations.store

    def ready(self) -> Assistant:
        """Return the assistant.

        Raises:
            ModelError: no model is loaded.
        """
        if self.assistant is None:
            raise ModelError(
                "no model is loaded",
                hint="Train one with `tertulia train`, then start again with `--model`.",
                code="T410",
            )
        return self.assistant

    async def handle(self, incoming: Incoming, output: OutputChannel) -> None:
        """Take one message through a turn; what the bot says goes to `output`."""
        await self.processor.handle(incoming, self.ready(), output)

    async def close(self) -> None:
        """Let go of the store and of other servers."""
        outside = self.processor.outside
        if outside.actions is not None:
            await outside.actions.close()
        if outside.responses is not None:
            await outside.responses.close()
        await self.store.close()
