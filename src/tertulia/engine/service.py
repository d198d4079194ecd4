"""The bot in service: one model at a time, exchanged as a whole, and its conversations."""

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel, TrackerStore
from tertulia.core.reminders import Reminder
from tertulia.engine.agreement import Agreement
from tertulia.engine.assistant import Assistant
from tertulia.engine.channels import Channels
from tertulia.engine.duty import Duty
from tertulia.engine.follow import Following
from tertulia.engine.keeper import Change, ModelKeeper
from tertulia.engine.operations import Operations
from tertulia.engine.outbox import Brokers, open_outbox
from tertulia.engine.process import Processor
from tertulia.engine.pulling import Pulling
from tertulia.engine.records import Records
from tertulia.engine.reminders import Reminders
from tertulia.engine.retention import Keeping
from tertulia.engine.schedule import LONGEST_SLEEP, SHARED_SLEEP, Schedule
from tertulia.engine.terms import NO_TERMS, Terms
from tertulia.schema.endpoints import ModelEndpoint


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What runs beside the messages.

    reminders: the duty to fire them, where several serve together. keeping: forgets idle
    conversations. brokers: who is told of what is stored. agreement: on a model, where servers
    share a store.
    """

    reminders: Duty | None = None
    keeping: Keeping | None = None
    brokers: Brokers | None = None
    agreement: Agreement | None = None


class Service:
    """What a server serves. keeper: which model that is.

    channels: where the bot speaks unasked. schedule: fires reminders, once it is started.
    pulling: follows a model server, the one of `model_server` from the start.
    following: wakes who follows what is stored. expects_model: without one it is not ready.
    """

    def __init__(
        self,
        processor: Processor,
        model: ModelKeeper | Assistant | None,
        *,
        channels: Channels | None = None,
        pulling: Pulling | None = None,
        model_server: ModelEndpoint | None = None,
        beside: Beside | None = None,
    ) -> None:
        beside = beside or Beside()
        self._keeping = beside.keeping
        self.agreement = beside.agreement
        self.processor = processor
        self.operations = Operations(processor)
        self.records = Records(processor.conversations)
        self.keeper = model if isinstance(model, ModelKeeper) else ModelKeeper(model)
        self.expects_model = self.keeper.assistant is not None or model_server is not None
        self.keeper.listen(self._exchanged)
        self.pulling = pulling
        self._model_server = model_server
        self.channels = channels or Channels()
        self._reminders = Reminders(processor, self.channels)
        self._duty = beside.reminders or Duty("reminders", None)
        self.schedule = Schedule(
            self.store,
            self._fire,
            clock=processor.clock,
            ready=lambda: self.assistant is not None and self._duty.is_ours(),
            longest_sleep=SHARED_SLEEP if self._duty.is_shared else LONGEST_SLEEP,
        )
        self._duty.on_begin = self.schedule.poke
        self.following = Following(self.store)
        processor.conversations.on_schedule = self.schedule.poke
        processor.conversations.on_stored = self.following.poke
        self.outbox = open_outbox(beside.brokers, self.following, processor.clock)

    @property
    def assistant(self) -> Assistant | None:
        """Return what answers now, None until a model is loaded. Take it once per request."""
        return self.keeper.assistant

    @property
    def store(self) -> TrackerStore:
        """Return where conversations are kept."""
        return self.processor.conversations.store

    def ready(self, *, code: str = "T410") -> Assistant:
        """Return the assistant. code: of the error without one.

        Raises:
            ModelError: no model is loaded.
        """
        if self.assistant is None:
            raise ModelError(
                "no model is loaded",
                hint="Train one with `tertulia train`, then load it with PUT /model or --model.",
                code=code,
            )
        return self.assistant

    async def handle(
        self, incoming: Incoming, output: OutputChannel, terms: Terms = NO_TERMS
    ) -> None:
        """Take one message through a turn; what the bot says goes to `output`."""
        await self.processor.handle(incoming, self.ready(), output, terms)

    def start(self) -> None:
        """Begin what runs beside the messages: reminders fire, brokers are told."""
        self._duty.start()
        self.schedule.start()
        if self._keeping is not None:
            self._keeping.start(self.store)
        self.outbox.start()

    async def follow_models(self) -> None:
        """Follow the configured model server, or what the servers that share a store agree on.

        Return when the first model is there, if it comes.
        """
        if self.agreement is not None:
            await self.agreement.start()
        if self.pulling is not None and self._model_server is not None:
            await self.pulling.start(self._model_server)

    def follow_no_configured_server(self) -> None:
        """Leave out the configured model server: another one was chosen since."""
        self._model_server = None

    async def _exchanged(self, change: Change) -> None:
        assistant = change.assistant
        self.expects_model = self.expects_model or assistant is not None
        fingerprint = None if assistant is None else assistant.fingerprint
        self.processor.conversations.keep_only(fingerprint)
        self.schedule.poke()

    async def _fire(self, reminder: Reminder) -> None:
        await self._reminders.fire(reminder, self.ready())

    async def close(self, patience: float = 30.0) -> None:
        """End what was started, let go of the store and of other servers.

        patience: seconds that brokers get to take what is stored.
        """
        if self.pulling is not None:
            await self.pulling.stop()
        if self.agreement is not None:
            await self.agreement.stop()
        if self._keeping is not None:
            await self._keeping.stop()
        await self.schedule.stop()
        await self._duty.stop()
        await self.outbox.stop(patience)
        outside = self.processor.outside
        if outside.actions is not None:
            await outside.actions.close()
        if outside.responses is not None:
            await outside.responses.close()
        if outside.language is not None:
            await outside.language.close()
        await self.processor.conversations.turnstile.close()
        await self.store.close()
