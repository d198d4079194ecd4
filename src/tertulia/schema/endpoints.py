"""The typed shape of endpoints.yml: where the other servers are.

Source: spec endpoints.md sections 1, 2, 4 and 5.
"""

from typing import Annotated, Any, Literal

import msgspec

from tertulia.base.secret import Secret
from tertulia.core.redaction import NOTHING_REDACTED, Redaction
from tertulia.schema.access import ApiKey, Limits
from tertulia.schema.brokers import BrokerConfig
from tertulia.schema.locks import LockConfig
from tertulia.schema.privacy import Retention
from tertulia.schema.stores import SqlStore, StoreConfig
from tertulia.schema.tracing import Tracing

Json = Any


class BasicAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """User name and password for HTTP basic authentication."""

    username: str
    password: Secret


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another server. url: used as it is. token: sent as query parameter `token_name`.

    timeout: seconds for a whole request.
    """

    url: str
    params: dict[str, str] = {}
    headers: dict[str, Secret] = {}
    basic_auth: BasicAuth | None = None
    token: Secret | None = None
    token_name: str = "token"  # noqa: S105 - the name of the parameter, not its value
    cafile: str | None = None
    timeout: float = 300.0


TrackerEvents = Annotated[int, msgspec.Meta(ge=0)] | Literal["all", "last_session"]
"""Events that actions are shown: of the session (as the originals), all, or the newest few."""


class ActionEndpoint(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The action server.

    enable_selective_domain: send the domain only with actions that ask for it.
    """

    tracker_events: TrackerEvents = "last_session"
    enable_selective_domain: bool = False


class ActionModule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Custom actions run by the server itself, in the place of an action server.

    module: a Python package or module beside endpoints.yml. timeout: seconds for one action.
    """

    module: Annotated[str, msgspec.Meta(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")]
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    tracker_events: TrackerEvents = "last_session"


class ModelEndpoint(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model server. wait_time_between_pulls: seconds; null, 0 or `None` pull once.

    Source: spec endpoints.md section 2.
    """

    wait_time_between_pulls: Annotated[float, msgspec.Meta(ge=0)] | Literal["None"] | None = 100.0

    @property
    def wait(self) -> float | None:
        """Return seconds between two pulls, None to pull once."""
        wait = self.wait_time_between_pulls
        return wait if isinstance(wait, float) and wait > 0 else None


class LanguageEndpoint(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The NLU server. type: whose address and body it knows, None for those of the bot's
    generation. project, model: what a server of 0.x shall understand with.

    Source: spec endpoints.md section 3.
    """

    type: Literal["0.x", "1.x"] | None = None
    project: str | None = None
    model: str | None = None


class ResponseEndpoint(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The response (NLG) server. type: `callback`, or `response` for the domain's own responses."""

    url: str = ""
    type: Literal["callback", "response"] | None = None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Everything endpoints.yml names, absent sections None.

    tracker_store: None for the project's own file. lock_store: None for what suits that store.
    """

    action_endpoint: ActionEndpoint | ActionModule | None = None
    nlg: ResponseEndpoint | None = None
    nlu: LanguageEndpoint | None = None
    tracker_store: StoreConfig | None = None
    lock_store: LockConfig | None = None
    event_brokers: tuple[BrokerConfig, ...] = ()
    tracing: Tracing | None = None
    models: ModelEndpoint | None = None
    api_keys: tuple[ApiKey, ...] = ()
    limits: Limits = Limits()
    retention: Retention | None = None
    redaction: Redaction = NOTHING_REDACTED

    @property
    def sql_store(self) -> bool:
        """Tell whether the tracker store is SQL by name.

        Clients of such a bot see sessions cut where that store of the originals cuts them.
        """
        return isinstance(self.tracker_store, SqlStore)
