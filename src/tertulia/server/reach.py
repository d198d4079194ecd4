"""How far a request may make the server reach: into which folders, to which hosts.

Source: spec http_api.md section 3 (what a hardened server adds).
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tertulia.base.errors import RequestError
from tertulia.server.errors import FOREIGN_HOST, FOREIGN_PATH

_PORTS = {"http": 80, "https": 443}


def path_below(roots: Sequence[Path], given: str) -> Path:
    """Return the real path that a request names, if it is one of the folders or below one.

    Relative ones count from the working directory. Whether it exists is not told before this is
    known, so that nobody can look around.

    Raises:
        RequestError: it is elsewhere, also by way of a link.
    """
    try:
        found = Path(given).resolve()
    except (OSError, RuntimeError, ValueError):
        found = None
    if found is not None:
        for root in roots:
            if found.is_relative_to(root.resolve()):
                return found
    shown = ", ".join(f"'{root}'" for root in roots) or "none"
    raise RequestError(
        f"models are loaded from these folders only: {shown}.",
        hint="Copy the model there, or start the server with --model-root and its folder.",
        parameter="model",
        where="query",
        code=FOREIGN_PATH,
    )


def check_host(hosts: Sequence[str], url: str, *, parameter: str, where: str) -> None:
    """Refuse an address that a request may not make the server call.

    hosts: `name` for its usual ports and every other, or `name:port`.

    Raises:
        RequestError: it is no http address, or of another host.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        host = (parts.hostname or "").lower()
    except (KeyError, ValueError):
        host, port = "", 0
    allowed = {one.lower() for one in hosts}
    if host and allowed & {host, f"{host}:{port}", f"[{host}]:{port}"}:
        return
    raise RequestError(
        f"this server does not call the address in '{parameter}'.",
        hint="Whoever runs it allows a host with --outgoing-host HOST or HOST:PORT; "
        f"allowed now: {', '.join(hosts) or 'none'}.",
        parameter=parameter,
        where=where,
        code=FOREIGN_HOST,
    )
