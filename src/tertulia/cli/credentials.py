"""Reads credentials.yml: the channels that a bot listens to.

Source: spec channels.md section 1.
"""

import logging
import os
from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import Node, read_file

CHANNELS = ("rest",)
"""The channels that exist in this version. `rest` is always there."""

CONSOLE = "cmdline"
"""The terminal; a connector on the command line, never a credential."""

_GONE = "rasa"
_log = logging.getLogger("tertulia.cli")


def check_credentials(path: Path, *, connector: str | None) -> None:
    """Refuse a file that names channels which this version cannot serve.

    connector: the only channel wanted; entries of others are passed over then.

    Raises:
        ProblemsFound: the file cannot be read, or names such a channel.
    """
    diagnostics = Diagnostics()
    node = read_file(path, env=os.environ, diagnostics=diagnostics)
    if node is not None and not node.is_null:
        if node.is_map:
            _check(node, connector, diagnostics)
        else:
            diagnostics.error(
                "T154",
                "the file must be a mapping of channels",
                hint="Write for example `rest:`.",
                at=node.span,
            )
    diagnostics.raise_if_errors()


def check_connector(name: str) -> None:
    """Refuse a connector that does not exist.

    Raises:
        ProblemsFound: there is no such channel.
    """
    diagnostics = Diagnostics()
    if name not in (*CHANNELS, CONSOLE):
        diagnostics.error(
            "T152", f"the channel '{name}' is not available in this version", hint=_known()
        )
    diagnostics.raise_if_errors()


def _check(node: Node, connector: str | None, diagnostics: Diagnostics) -> None:
    for key in node.all_keys():
        name = key.text
        if name in CHANNELS or (connector is not None and name != connector):
            continue
        if name == _GONE:
            # Every project that the original began has this entry; its product has ended.
            _log.warning(
                "%s: the channel 'rasa' served a product that has ended; skipped", key.span
            )
            continue
        diagnostics.error(
            "T152",
            f"the channel '{name}' is not available in this version",
            hint=f"{_known()} Remove the entry, or start with `--connector rest`.",
            at=key.span,
        )


def _known() -> str:
    return f"Available: {', '.join(CHANNELS)}."
