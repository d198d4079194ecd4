"""The composition root: settings in, wired service out. The only place that knows every room."""

import logging
import os
import random
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tertulia.adapters.in_process.book import load_actions
from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.adapters.telemetry.calls import MeteredActions, MeteredLanguage, MeteredResponses
from tertulia.adapters.telemetry.telemetry import Telemetry
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import TertuliaError
from tertulia.brokers import recipients
from tertulia.core.agreed import AgreeingStore
from tertulia.core.domain.actions import default_actions
from tertulia.core.events import ActionExecuted, SessionStarted
from tertulia.core.locks import ConversationLocks
from tertulia.core.ports import ActionServer, LanguageServer, ResponseWriter, TrackerStore
from tertulia.data.endpoints import read_endpoints
from tertulia.engine.agreement import Agreement
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.duty import Duty, alone, duty_of
from tertulia.engine.keeper import ModelKeeper, load_and_warm
from tertulia.engine.outbox import Brokers, Recipient, begin, durable_feed
from tertulia.engine.perform import Outside
from tertulia.engine.process import Processor
from tertulia.engine.pulling import Pulling
from tertulia.engine.records import Records
from tertulia.engine.retention import Keeping
from tertulia.engine.service import Beside, Service
from tertulia.engine.turnstile import Turnstile
from tertulia.locks import open_locks
from tertulia.model.load import Model
from tertulia.model.packed import Packed, find_packed
from tertulia.nlu.pipeline import Pipeline
from tertulia.schema.endpoints import ActionEndpoint, ActionModule, Endpoints, ModelEndpoint
from tertulia.stores import Wanted, open_store

if TYPE_CHECKING:
    from tertulia.adapters.remote.models import HttpModelServer

_log = logging.getLogger("tertulia.app")


class SystemClock:
    """The computer's clock."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        return time.time()


class RandomIds:
    """Random 128-bit ids."""

    def new(self) -> str:
        """Return 32 hexadecimal digits."""
        return uuid.uuid4().hex


class AppSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a service is built from.

    model: None serves without a bot. packed: what it was loaded from, to come back to. nlu: of
    0.x, what understands for models that only decide. folder: the project's, whose `.tertulia/`
    holds the conversations unless the endpoints name a store. store: `sqlite` or `memory`,
    whatever the endpoints say. endpoints: a file. actions: a package in the working directory,
    whose actions are run here, whatever the endpoints say. action_limit: actions the bot may take
    between two messages. telemetry: what watches turns and calls. locks: order turns with those
    of other processes of this machine that serve together, where no lock store does it for all.
    leads: whether this one does what only one of them may do. tells: event brokers hear of what
    is stored. model_roots: where a model that other servers agreed on is looked for. agrees:
    whether this server follows and tells them. told: it was started with a model of its own.
    """

    model: Model | None
    packed: Packed | None = None
    nlu: Packed | None = None
    folder: Path
    store: Wanted | None = None
    endpoints: Path | None = None
    actions: str | None = None
    understands: str | None = None
    action_limit: int = 10
    telemetry: Telemetry = msgspec.field(default_factory=Telemetry)
    locks: ConversationLocks | None = None
    leads: Callable[[], bool] = alone
    tells: bool = True
    model_roots: tuple[Path, ...] = ()
    agrees: bool = False
    told: bool = False


async def build_service(settings: AppSettings) -> Service:
    """Return the wired service.

    Raises:
        ProblemsFound: the endpoints file has mistakes.
        ComponentError: the package of actions cannot be used.
        MissingExtra: the driver of the tracker store is not installed.
        StoreUnavailable: the tracker store cannot be opened.
        LockUnavailable: the lock store cannot be used.
        ConfigError: the store cannot tell event brokers what it stores.
    """
    endpoints = load_endpoints(settings.endpoints)
    brokers = await recipients(endpoints.event_brokers if settings.tells else ())
    telemetry = settings.telemetry
    action_endpoint, actions = open_actions(settings, endpoints)
    store = await open_store(settings.store, endpoints.tracker_store, settings.folder)
    await _begin_brokers(brokers, store)
    observer = telemetry.observer
    locks = await _locks(settings, endpoints, store)
    turnstile = Turnstile(queue=endpoints.limits.queue, locks=locks)
    conversations = Conversations(
        store,
        SystemClock(),
        turnstile=turnstile,
        observer=observer,
        redaction=endpoints.redaction,
    )
    outside = Outside(
        actions=MeteredActions(actions, telemetry.meters) if actions is not None else None,
        responses=_response_server(endpoints, telemetry),
        language=_language_server(settings, endpoints),
        observer=observer,
        random=random.Random(),  # noqa: S311 - chooses between wordings, which are no secret
        tracker_events=action_endpoint.tracker_events if action_endpoint else "last_session",
        session_begins=SessionStarted if endpoints.sql_store else ActionExecuted,
        selective_domain=isinstance(action_endpoint, ActionEndpoint)
        and action_endpoint.enable_selective_domain,
    )
    processor = Processor(
        conversations,
        outside,
        clock=SystemClock(),
        ids=RandomIds(),
        action_limit=settings.action_limit,
    )
    assistant = Assistant(connect(settings.model)) if settings.model is not None else None
    load = partial(load_and_warm, connect=connect, beside=settings.nlu)
    keeper = ModelKeeper(assistant, packed=settings.packed, load=load)
    return Service(
        processor,
        keeper,
        pulling=Pulling(keeper, _model_server, asks=settings.leads),
        model_server=endpoints.models,
        beside=_beside(settings, endpoints, conversations, brokers, keeper),
    )


def _beside(
    settings: AppSettings,
    endpoints: Endpoints,
    conversations: Conversations,
    brokers: Sequence[Recipient],
    keeper: ModelKeeper,
) -> Beside:
    """Return what runs beside the messages, most of it in one of all processes."""

    def duty(name: str) -> Duty:
        return duty_of(name, conversations.store, alone=settings.leads)

    return Beside(
        reminders=duty("reminders"),
        keeping=Keeping(
            endpoints.retention,
            Records(conversations),
            duty=duty("retention"),
            clock=SystemClock(),
        ),
        brokers=Brokers(brokers, duty("brokers")) if brokers else None,
        agreement=_agreement(settings, endpoints, conversations.store, keeper),
    )


def _agreement(
    settings: AppSettings, endpoints: Endpoints, store: TrackerStore, keeper: ModelKeeper
) -> Agreement | None:
    """Return how servers that share the store agree on a model; a model server does it for them."""
    if not settings.agrees or endpoints.models is not None or not isinstance(store, AgreeingStore):
        return None
    return Agreement(
        keeper,
        store.agreed,
        partial(find_packed, settings.model_roots),
        told=settings.told,
        leads=settings.leads,
    )


async def _begin_brokers(brokers: Sequence[Recipient], store: TrackerStore) -> None:
    """Fix where brokers begin to be told, before anything new is stored."""
    if not brokers:
        return
    try:
        feed = durable_feed(store)
        for broker in brokers:
            await begin(feed, broker.name)
    except TertuliaError:
        await store.close()
        raise


async def _locks(
    settings: AppSettings, endpoints: Endpoints, store: TrackerStore
) -> ConversationLocks | None:
    """Return what orders turns between processes, None where there is only this one."""
    kept = None if settings.store else endpoints.tracker_store
    try:
        return await open_locks(endpoints.lock_store, kept, patience=60.0) or settings.locks
    except TertuliaError:
        await store.close()
        raise


def connect(model: Model) -> Model:
    """Return the model with a way to ask the server that its pipeline names, if it names one."""
    if model.pipeline is None:
        return model
    return msgspec.structs.replace(model, pipeline=connect_pipeline(model.pipeline))


def connect_pipeline(pipeline: Pipeline) -> Pipeline:
    """Return the pipeline with a way to ask the server that it names, if it names one."""
    if not pipeline.asks:
        return pipeline
    from tertulia.adapters.remote.duckling import URL_VARIABLE, DucklingServer

    return pipeline.connected(
        DucklingServer(SystemClock(), url=os.environ.get(URL_VARIABLE) or None)
    )


def load_endpoints(path: Path | None) -> Endpoints:
    """Return the endpoints of a file, none without a file.

    Raises:
        ProblemsFound: the file has mistakes.
    """
    if path is None:
        return Endpoints()
    diagnostics = Diagnostics()
    endpoints = read_endpoints(path, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return endpoints


def open_actions(
    settings: AppSettings, endpoints: Endpoints
) -> tuple[ActionEndpoint | ActionModule | None, ActionServer | None]:
    """Return where custom actions run, and what runs them; neither when none is configured.

    Raises:
        ComponentError: the package of actions cannot be used.
    """
    endpoint, folder = endpoints.action_endpoint, Path.cwd()
    if settings.actions is not None:
        endpoint = ActionModule(module=settings.actions)
    elif settings.endpoints is not None:
        folder = settings.endpoints.parent
    if endpoint is None:
        return None, None
    if isinstance(endpoint, ActionEndpoint):
        # Only bots that call other servers load the library for it, a tenth of the start.
        from tertulia.adapters.remote.actions import HttpActionServer

        return endpoint, HttpActionServer(endpoint, outgoing=settings.telemetry.outgoing)
    runner = InProcessActions(load_actions(endpoint.module, folder), timeout=endpoint.timeout)
    _note_missing(runner, settings.model)
    return endpoint, runner


def _note_missing(runner: InProcessActions, model: Model | None) -> None:
    """Say which actions of the domain nobody can run, before a user finds out."""
    if model is None:
        return
    built_in = default_actions(model.domain.generation)
    for name in [action.name for action in model.domain.actions]:
        if not name.startswith("utter_") and name not in (*built_in, *runner.names):
            _log.warning("T623 the domain lists the action '%s', which no package has", name)


def _model_server(endpoint: ModelEndpoint) -> "HttpModelServer":
    from tertulia.adapters.remote.models import HttpModelServer

    return HttpModelServer(endpoint)


def _response_server(endpoints: Endpoints, telemetry: Telemetry) -> ResponseWriter | None:
    if endpoints.nlg is None or endpoints.nlg.type == "response":
        return None
    from tertulia.adapters.remote.responses import HttpResponseServer

    server = HttpResponseServer(endpoints.nlg, outgoing=telemetry.outgoing)
    return MeteredResponses(server, telemetry.meters)


def _language_server(settings: AppSettings, endpoints: Endpoints) -> LanguageServer | None:
    endpoint = endpoints.nlu
    if endpoint is None:
        return None
    from tertulia.adapters.remote.language import HttpLanguageServer

    if settings.understands is not None:
        # As `rasa_core.run -u` of 0.x: `project/model`, or the name of a model alone.
        project, model = os.path.split(settings.understands)
        endpoint = msgspec.structs.replace(endpoint, project=project, model=model)
    server = HttpLanguageServer(endpoint, outgoing=settings.telemetry.outgoing)
    return MeteredLanguage(server, settings.telemetry.meters)
