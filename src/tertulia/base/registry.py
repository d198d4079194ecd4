"""Names in configuration files to classes: one rule for every kind of component."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from tertulia.base.errors import BadComponent, MissingExtra, UnknownComponent, nearest
from tertulia.base.source import SourceSpan
from tertulia.base.trust import is_foreign

T = TypeVar("T")


class Registry(Generic[T]):
    """Finds classes of one kind by name; importing this loads none of them.

    Search order: built-in name, alias (a name of the originals), entry point group
    `tertulia.<group>`, dotted path `package.module.Class` where the caller allows it and the
    input is of this machine.
    builtin: name to `module:Class`. aliases: name to a built-in name.
    extras: built-in name to the pip extra that it needs. group: short name of the kind for entry
    points, the kind itself when left out.
    """

    def __init__(
        self,
        kind: str,
        builtin: Mapping[str, str],
        *,
        aliases: Mapping[str, str] | None = None,
        extras: Mapping[str, str] | None = None,
        group: str | None = None,
    ) -> None:
        self.kind = kind
        self.group = f"tertulia.{group or kind}"
        self._builtin = dict(builtin)
        self._aliases = dict(aliases or {})
        self._extras = dict(extras or {})

    @property
    def names(self) -> list[str]:
        """Every built-in name and alias, sorted."""
        return sorted({*self._builtin, *self._aliases})

    def canonical(self, name: str) -> str:
        """Return the built-in name that `name` stands for, or `name` itself."""
        return self._aliases.get(name, name)

    def find(self, name: str, *, at: SourceSpan | None = None, dotted: bool = True) -> type[T]:
        """Return the class called `name`.

        Raises:
            UnknownComponent: nothing has this name; the hint names the nearest.
            MissingExtra: the component is known, its package is not installed.
            BadComponent: a dotted path leads to something that is no class.
        """
        wanted = self.canonical(name)
        target = self._builtin.get(wanted) or self._entry_point(wanted)
        if target is None and dotted and not is_foreign() and "." in wanted:
            target = ":".join(wanted.rsplit(".", 1))
        if target is None:
            raise UnknownComponent(
                f"there is no {self.kind} called '{name}'",
                hint=nearest(name, self.names) or f"Known: {', '.join(self.names)}.",
                at=at,
            )
        return self._load(wanted, target, at)

    def _entry_point(self, name: str) -> str | None:
        for point in entry_points(group=self.group):
            if point.name == name:
                return point.value
        return None

    def _load(self, name: str, target: str, at: SourceSpan | None) -> type[T]:
        module, _, attribute = target.partition(":")
        try:
            found = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            leads_nowhere = module == missing or module.startswith(f"{missing}.")
            if name not in self._builtin and leads_nowhere:
                raise UnknownComponent(
                    f"there is no {self.kind} called '{name}': no module '{missing}'",
                    hint="Check the path, and that its folder is the project's own.",
                    at=at,
                ) from error
            extra = self._extras.get(name)
            raise MissingExtra(
                f"the {self.kind} '{name}' needs the package '{missing}'",
                hint=f'Install it: pip install "tertulia[{extra}]".'
                if extra
                else f"Install it: pip install {missing}.",
                at=at,
            ) from error
        except AttributeError as error:
            raise UnknownComponent(f"the module '{module}' has no '{attribute}'", at=at) from error
        if not isinstance(found, type):
            raise BadComponent(f"the {self.kind} '{name}' is not a class", at=at)
        return cast(type[T], found)
