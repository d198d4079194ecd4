"""Where every failure of a command ends: printed, and turned into an exit status."""

import logging
from collections.abc import Callable

import click

_log = logging.getLogger("tertulia.cli")


def guarded(work: Callable[[], int]) -> int:
    """Do the work and return its exit status, 1 when it fails.

    A person's mistake is printed as it is; a fault of ours leaves its traceback in the log.
    """
    try:
        return work()
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - the border of the program
        return _report(error)


def _report(error: Exception) -> int:
    from tertulia.base.errors import TertuliaError

    if isinstance(error, TertuliaError):
        click.secho(str(error), err=True, fg="red")
    else:
        _log.error("T000 the program failed", exc_info=error)
        click.secho(
            f"T000: the program failed: {type(error).__name__}: {error}", err=True, fg="red"
        )
    return 1
