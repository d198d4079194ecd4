"""The channels that a bot listens to, of credentials.yml and the command line.

Source: spec channels.md section 1.
"""

import logging
import os
from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.credentials import read_connector, read_credentials
from tertulia.schema.channels import Channels

CONSOLE = "cmdline"
"""The terminal; a connector on the command line, never a credential."""

_log = logging.getLogger("tertulia.cli")


def wanted_channels(path: Path | None, connector: str | None, *, report: bool = True) -> Channels:
    """Return the channels to serve beside `rest`. path: of the credentials, None without.

    connector: the only channel wanted. report: tell what is passed over.

    Raises:
        ProblemsFound: the file cannot be read, or a channel is unknown or lacks what it needs.
    """
    diagnostics = Diagnostics()
    found: Channels = {}
    if path is not None:
        env = os.environ
        found = read_credentials(path, connector=connector, env=env, diagnostics=diagnostics)
    if connector is not None and connector not in (*found, CONSOLE) and not diagnostics.errors:
        found = read_connector(connector, diagnostics)
    diagnostics.raise_if_errors()
    for problem in diagnostics.warnings if report else ():
        _log.warning("%s", problem)
    return found
