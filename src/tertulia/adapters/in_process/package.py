"""Imports a bot's package of actions with all its modules.

Rule: the operator names the package, in endpoints.yml or on the command line. Nothing in a
model or in training data leads here.
"""

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from tertulia.adapters.in_process.place import is_part, place_of_fault
from tertulia.base.errors import ComponentError, MissingExtra

SDK = "rasa_sdk"
_SDK_HINT = (
    "Install rasa-sdk into this environment (`pip install rasa-sdk`), or serve the package from "
    "its own: `python -m rasa_sdk --actions {package}`, with `url` under action_endpoint."
)


def import_package(name: str, folder: Path) -> list[ModuleType]:
    """Return a package (or a single module) and everything below it, imported.

    folder: the project's, searched after installed packages.

    Raises:
        ComponentError: it is not there, hidden by another, or fails.
        MissingExtra: it imports a package that is not installed.
    """
    place = os.fspath(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)
    importlib.invalidate_caches()
    first = _import(name, name, folder)
    _check_not_hidden(name, folder)
    modules = [first]
    for module in modules:
        modules += [_import(inner, name, folder) for inner in _inside(module)]
    return modules


def _inside(module: ModuleType) -> list[str]:
    paths = getattr(module, "__path__", None)
    if paths is None:
        return []
    found = pkgutil.iter_modules(paths, prefix=f"{module.__name__}.")
    return [each.name for each in found if not each.name.endswith(".__main__")]


def _import(name: str, package: str, folder: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _not_found(error, package, folder) from error
    except (Exception, SystemExit) as error:
        raise ComponentError(
            f"the actions cannot be imported: {type(error).__name__}: {error}",
            hint="Correct this line.",
            at=place_of_fault(error, package),
            code="T506",
        ) from error


def _not_found(error: ModuleNotFoundError, package: str, folder: Path) -> ComponentError:
    missing = error.name or ""
    if is_part(package, missing) and missing:
        return ComponentError(
            f"there is no package of actions '{package}' in '{folder}'",
            hint=f"Write a folder `{package.replace('.', '/')}` with an `__init__.py`, or a module "
            f"`{package.replace('.', '/')}.py`.",
            code="T505",
        )
    top = missing.partition(".")[0]
    return MissingExtra(
        f"the actions import '{missing}', which is not there",
        hint=_SDK_HINT.format(package=package)
        if top == SDK
        else f"Install the package that has '{top}' into this environment, or correct the name.",
        at=place_of_fault(error, package),
        code="T507",
    )


def _check_not_hidden(name: str, folder: Path) -> None:
    """Refuse a package of another place, when the project has one of the same name."""
    top = name.partition(".")[0]
    wanted = folder.resolve() / top
    if not wanted.is_dir() and not wanted.with_suffix(".py").is_file():
        return
    module = sys.modules[top]
    found = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    places = [Path(each).resolve() for each in found if each]
    if not any(place == wanted or place.with_suffix("") == wanted for place in places):
        raise ComponentError(
            f"another '{top}' is installed, and hides the one in '{folder}'",
            hint="Give the project's package another name.",
            code="T508",
        )
