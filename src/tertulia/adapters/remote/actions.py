"""Custom actions on an action server over HTTP, of every generation of its SDK.

Source: spec sdk.md sections 1 to 3.
"""

import logging
from typing import Any

import httpx2
import msgspec

from tertulia.adapters.remote.client import (
    Answer,
    EndpointClient,
    Outgoing,
    no_headers,
    read_object,
    shown_address,
)
from tertulia.base.errors import ActionRejected, ActionServerError
from tertulia.core.actions.answer import read_answer
from tertulia.core.asks import ActionAnswer
from tertulia.schema.endpoints import ActionEndpoint

Json = Any
_log = logging.getLogger("tertulia.remote")


class HttpActionServer:
    """Calls `POST <url>` for every custom action.

    An answer with an unknown event is used without that event; any other fault of the
    server is an ActionServerError, a 400 that names its action is a rejection.
    outgoing: headers of each call.
    """

    def __init__(
        self,
        endpoint: ActionEndpoint,
        *,
        client: EndpointClient | None = None,
        outgoing: Outgoing = no_headers,
    ) -> None:
        self._endpoint = endpoint
        self._client = client or EndpointClient(endpoint, outgoing=outgoing)

    async def run(self, name: str, body: dict[str, Json]) -> ActionAnswer:
        """Run one action; see the port ActionServer."""
        try:
            answer = await self._client.post(body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ActionServerError(
                f"the action server did not answer ({type(error).__name__})",
                hint=f"Is it running at {shown_address(self._endpoint.url)}? For a project with "
                "rasa-sdk, `python -m rasa_sdk --actions actions` starts it.",
            ) from error
        if answer.status >= 300:
            raise _failure(name, answer)
        try:
            found, faults = read_answer(read_object(answer.body) or {})
        except msgspec.MsgspecError as error:
            raise ActionServerError(
                "the action server's answer is not the JSON object expected",
                hint='It must look like {"events": [...], "responses": [...]}.',
            ) from error
        for fault in faults:
            _log.error("T618 the action '%s' returned an event that is left out: %s", name, fault)
        return found

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()


def _failure(name: str, answer: Answer) -> ActionRejected | ActionServerError:
    try:
        body = read_object(answer.body) or {}
    except msgspec.MsgspecError:
        body = {}
    if answer.status == 400 and "action_name" in body:
        return ActionRejected(str(body["action_name"]))
    if answer.status == 404 and "action_name" in body:
        return ActionServerError(
            f"the action server does not know the action '{name}'",
            hint="Give a class of its actions package this name, and restart it.",
        )
    return ActionServerError(
        f"the action server answered with status {answer.status}",
        hint="See the log of the action server.",
    )
