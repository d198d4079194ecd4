"""The bot's domain, as JSON or YAML.

Source: spec http_api.md "GET /domain".
"""

import msgspec
from litestar import Response

from tertulia.base.errors import RequestError
from tertulia.core.domain.as_dict import as_dict
from tertulia.data.yaml import dump
from tertulia.server.body import AnyRequest, Json
from tertulia.server.declare import JSON, Facts, operation
from tertulia.server.errors import NOT_ACCEPTABLE
from tertulia.server.served import served_by

_YAML = {True: "application/x-yml", False: "application/x-yaml"}
"""Media type of YAML, by whether the profile is legacy."""

_ANYTHING = ("*/*", "application/*")


@operation(
    "GET",
    "/domain",
    summary="The domain of the loaded model",
    tag="model",
    facts=Facts(
        scope="read",
        answer=dict[str, Json],
        media_types=(JSON, *_YAML.values()),
        errors=(NOT_ACCEPTABLE,),
        store=False,
    ),
)
async def domain(request: AnyRequest) -> Response[bytes]:
    """Return the domain. `Accept` chooses the format by its last letters; nothing means JSON."""
    served = served_by(request)
    legacy = served.settings.is_legacy
    as_yaml = wants_yaml(request.headers.get("accept"), yml_only=legacy)
    content = as_dict(served.ready().domain, "legacy" if legacy else "modern")
    if not as_yaml:
        return Response(msgspec.json.encode(content), media_type=JSON)
    head = "%YAML 1.1\n---\n" if legacy else ""
    return Response((head + dump(content)).encode(), media_type=_YAML[legacy])


def wants_yaml(accept: str | None, *, yml_only: bool) -> bool:
    """Return whether YAML is wanted rather than JSON. yml_only: `yaml` is no word for it.

    Raises:
        RequestError: neither is acceptable.
    """
    if accept is None or accept.endswith("json"):
        return False
    if accept.endswith("yml") or (accept.endswith("yaml") and not yml_only):
        return True
    if any(part.split(";")[0].strip() in _ANYTHING for part in accept.split(",")):
        return False
    raise RequestError(
        "invalid Accept header.",
        hint='Ask for JSON ("Accept: application/json") or YAML ("Accept: application/x-yml").',
        code=NOT_ACCEPTABLE,
    )


API = (domain,)
