"""What a text means, without a conversation.

Source: spec http_api.md "POST /parse".
"""

import uuid
from typing import Any

import msgspec

from tertulia.base.errors import RequestError
from tertulia.server import query
from tertulia.server.body import AnyRequest, read_struct
from tertulia.server.declare import Facts, operation
from tertulia.server.emulation import EMULATIONS, Emulation
from tertulia.server.errors import WRONG_PARAMETER
from tertulia.server.served import served_by

Json = Any
ParseJson = dict[str, Json]


class Text(msgspec.Struct):
    """A text to understand; `text` counts before `q`. message_id: passed to an NLU server."""

    text: str | None = None
    q: str | None = None
    message_id: str | None = None


@operation(
    "POST",
    ("/parse", "/model/parse"),
    summary="Intent and entities of a text",
    tag="model",
    facts=Facts(scope="read", query=("emulation_mode",), body=Text, answer=ParseJson, store=False),
)
async def parse(request: AnyRequest) -> ParseJson:
    """Understand a text as the bot would; `emulation_mode` gives another service's shape."""
    emulate = _emulation(request)
    given = await read_struct(request, Text)
    text = given.q if given.text is None else given.text
    if text is None:
        raise RequestError(
            "there is no text in the body.",
            hint="Give it as 'text'.",
            parameter="text",
            where="body",
            code=WRONG_PARAMETER,
        )
    served = served_by(request)
    message_id = given.message_id or uuid.uuid4().hex
    processor = served.service.processor
    understanding, _ = await processor.make_sense(text, message_id, served.ready())
    if emulate is not None:
        return emulate(understanding, str(uuid.uuid4()))
    return understanding.as_dict()


def _emulation(request: AnyRequest) -> Emulation | None:
    mode = query.text(request, "emulation_mode")
    if mode is None:
        return None
    found = EMULATIONS.get(mode.upper())
    if found is None:
        raise RequestError(
            "invalid parameter value for 'emulation_mode'. "
            "Should be one of 'WIT', 'LUIS', 'DIALOGFLOW'.",
            parameter="emulation_mode",
            where="query",
            code=WRONG_PARAMETER,
        )
    return found


API = (parse,)
