"""The typed shape of the section `tracing` in endpoints.yml."""

from typing import Annotated, Literal

import msgspec

from tertulia.base.secret import Secret


class Tracing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where traces go. type: `otlp`, which is sent over HTTP.

    endpoint: the whole address; without one the variables `OTEL_EXPORTER_OTLP_...` count.
    service_name: what the server is called in traces. headers: of each request, for credentials.
    root_certificates: a file of authorities (PEM).
    """

    type: Literal["otlp"] = "otlp"
    endpoint: Annotated[str, msgspec.Meta(pattern=r"^https?://\S+$")] | None = None
    service_name: str | None = None
    headers: dict[str, Secret] = {}
    root_certificates: str | None = None
