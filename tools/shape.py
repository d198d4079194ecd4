"""Measure the shape of the code under src/: sizes, complexity, docstrings, handlers, cycles.

Two kinds of rules: limits, which no single part may pass (tools/shape.toml), and a ratchet: shares
and means over all the code (tools/shape.json), which may fall and never rise.
"""

import argparse
import ast
import json
import math
import sys
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
SOFT_MODULE_LINES = 400
SOFT_FUNCTION_LINES = 40
SOFT_COMPLEXITY = 10
SOFT_METHODS = 12


@dataclass(frozen=True)
class Violation:
    """One part of the code that breaks one rule."""

    rule: str
    name: str
    line: int
    detail: str

    def __str__(self) -> str:
        """Render as `package.module:Class.method:line rule: detail`."""
        return f"{self.name}:{self.line} {self.rule}: {self.detail}"


@dataclass(frozen=True)
class Function:
    """A function or method; lines count its decorators, complexity counts nested functions."""

    name: str
    line: int
    lines: int
    complexity: int


@dataclass(frozen=True)
class Limits:
    """What no single part may pass, and which parts may all the same."""

    module_lines: int = 500
    function_lines: int = 60
    complexity: int = 12
    class_methods: int = 20
    allow: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Module:
    """What was measured in one file. public: dotted name and line, in the order of the file."""

    name: str
    lines: int
    imports: dict[str, int] = field(default_factory=dict[str, int])
    functions: list[Function] = field(default_factory=list[Function])
    classes: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    public: dict[str, int] = field(default_factory=dict[str, int])
    undocumented: dict[str, int] = field(default_factory=dict[str, int])
    documented_methods: set[str] = field(default_factory=set[str])
    bases: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    broad_excepts: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])


def complexity(function: FunctionNode) -> int:
    """Return the number of independent paths: one, and one more for each place that branches."""
    return 1 + sum(_branches(node) for node in ast.walk(function))


def _branches(node: ast.AST) -> int:
    match node:
        case ast.If() | ast.IfExp() | ast.For() | ast.AsyncFor() | ast.While():
            return 1
        case ast.ExceptHandler():
            return 1
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.comprehension(ifs=conditions):
            return 1 + len(conditions)
        case ast.match_case(pattern=ast.MatchAs(pattern=None), guard=None):
            return 0
        case ast.match_case():
            return 1
        case _:
            return 0


def measure_module(name: str, text: str, *, is_package: bool) -> Module:
    """Return the measures of one module from its source text."""
    tree = ast.parse(text)
    module = Module(name, lines=len(text.splitlines()))
    package = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        for target in _imported(node, package):
            module.imports.setdefault(target, cast(ast.stmt, node).lineno)
    if tree.body:
        _note_docstring(module, name, tree, 1, public=True)
    _visit(module, tree.body, f"{name}:", public=True)
    return module


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the dotted name of each thing imported; whether it is a module shows later."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*parents, *([source] if source else [])])
        yield from (f"{source}.{alias.name}" for alias in node.names)


def _visit(module: Module, body: Sequence[ast.stmt], prefix: str, *, public: bool) -> None:
    for node in body:
        if isinstance(node, FunctionNode):
            _visit_function(module, node, prefix, public=public)
        elif isinstance(node, ast.ClassDef):
            _visit_class(module, node, prefix, public=public)
        else:
            _visit_block(module, node, prefix, public=public)


def _visit_block(module: Module, node: ast.stmt, prefix: str, *, public: bool) -> None:
    """Look into a statement outside functions, such as `if TYPE_CHECKING:` or `try:`."""
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    for handler in ast.iter_child_nodes(node):
        if isinstance(handler, ast.ExceptHandler):
            inner += handler.body
            if _is_broad(handler.type):
                module.broad_excepts.append((f"{prefix}<body>", handler.lineno))
    _visit(module, inner, prefix, public=public)


def _visit_function(module: Module, node: FunctionNode, prefix: str, *, public: bool) -> None:
    name = prefix + node.name
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    lines = (node.end_lineno or node.lineno) - first + 1
    module.functions.append(Function(name, node.lineno, lines, complexity(node)))
    _note_broad_excepts(module, node, name)
    if not _needs_no_docstring(node):
        _note_docstring(module, name, node, node.lineno, public=public)


def _needs_no_docstring(node: FunctionNode) -> bool:
    """Return whether this is another face of something documented: an overload or a setter."""
    marks = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(marks & {"overload", "setter", "deleter", "override"})


def _visit_class(module: Module, node: ast.ClassDef, prefix: str, *, public: bool) -> None:
    name = prefix + node.name
    methods = [child for child in node.body if isinstance(child, FunctionNode)]
    module.classes[name] = (node.lineno, len({method.name for method in methods}))
    module.bases[name] = [_last_name(base) for base in node.bases]
    _note_docstring(module, name, node, node.lineno, public=public)
    shown = public and not node.name.startswith("_")
    _visit(module, node.body, f"{name}.", public=shown)


def _last_name(base: ast.expr) -> str:
    """Return `Store` for `ports.Store[T]`."""
    bare = base.value if isinstance(base, ast.Subscript) else base
    return ast.unparse(bare).rpartition(".")[2]


def _note_docstring(
    module: Module,
    name: str,
    node: FunctionNode | ast.ClassDef | ast.Module,
    line: int,
    *,
    public: bool,
) -> None:
    documented = ast.get_docstring(node) is not None
    if documented and isinstance(node, FunctionNode):
        module.documented_methods.add(name)
    own = getattr(node, "name", "")
    if not public or own.startswith("_"):
        return
    module.public[name] = line
    if not documented:
        module.undocumented[name] = line


def _note_broad_excepts(module: Module, node: ast.AST, name: str) -> None:
    for child in ast.walk(node):
        if isinstance(child, ast.ExceptHandler) and _is_broad(child.type):
            module.broad_excepts.append((name, child.lineno))


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(_last_name(name) in {"Exception", "BaseException"} for name in names)


def read_tree(root: Path) -> list[Module]:
    """Return every module below `root`, sorted by name."""
    modules: list[Module] = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules.append(
            measure_module(name, path.read_text(encoding="utf-8"), is_package=is_package)
        )
    return modules


def cycles(modules: Iterable[Module]) -> list[list[str]]:
    """Return the groups of modules that reach each other by imports, type-only ones included."""
    known = {module.name: module for module in modules}
    graph = {
        name: {_owner(target, known) for target in module.imports} & (known.keys() - {name})
        for name, module in known.items()
    }
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted({name, *(other for other in reach[name] if name in reach[other])}))
        for name in graph
        if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _owner(target: str, known: Container[str]) -> str:
    """Return the module that `target` is, or is a name in."""
    return target if target in known else target.rpartition(".")[0]


def _reachable(graph: Mapping[str, Iterable[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(graph[name])
    return found


def _forgive_inherited(modules: Sequence[Module]) -> None:
    """Drop undocumented methods whose docstring a named base class already carries."""
    documented = {
        name.rpartition(":")[2] for module in modules for name in module.documented_methods
    }
    bases = {
        name.rpartition(":")[2]: above for module in modules for name, above in module.bases.items()
    }
    for module in modules:
        for name in list(module.undocumented):
            owner, _, method = name.rpartition(":")[2].rpartition(".")
            if owner and _inherits_docstring(owner, method, bases, documented):
                del module.undocumented[name]


def _inherits_docstring(
    owner: str, method: str, bases: Mapping[str, Sequence[str]], documented: set[str]
) -> bool:
    seen: set[str] = set()
    waiting = list(bases.get(owner, ()))
    while waiting:
        above = waiting.pop()
        if f"{above}.{method}" in documented:
            return True
        if above not in seen:
            seen.add(above)
            waiting.extend(bases.get(above, ()))
    return False


def violations(modules: Sequence[Module], limits: Limits) -> list[Violation]:
    """Return what breaks a limit, then the exceptions that are needed no more."""
    found = [fault for module in modules for fault in _module_faults(module, limits)]
    found += [
        Violation("cycle", group[0], 1, "imports in a circle: " + ", ".join(group))
        for group in cycles(modules)
    ]
    used = {(fault.rule, fault.name) for fault in found}
    kept = [fault for fault in found if (fault.rule, fault.name) not in limits.allow]
    stale = sorted(limits.allow - used)
    return kept + [
        Violation("stale-exception", name, 1, f"no longer breaks the rule {rule}")
        for rule, name in stale
    ]


def _module_faults(module: Module, limits: Limits) -> Iterator[Violation]:
    if module.lines > limits.module_lines:
        detail = f"{module.lines} lines, {limits.module_lines} are the limit"
        yield Violation("module-lines", module.name, 1, detail)
    for function in module.functions:
        if function.lines > limits.function_lines:
            detail = f"{function.lines} lines, {limits.function_lines} are the limit"
            yield Violation("function-lines", function.name, function.line, detail)
        if function.complexity > limits.complexity:
            detail = f"complexity {function.complexity}, {limits.complexity} is the limit"
            yield Violation("complexity", function.name, function.line, detail)
    for name, (line, methods) in module.classes.items():
        if methods > limits.class_methods:
            detail = f"{methods} methods, {limits.class_methods} are the limit"
            yield Violation("class-methods", name, line, detail)
    for name, line in module.undocumented.items():
        yield Violation("docstring", name, line, "public, and nothing says what it is")
    for name, line in module.broad_excepts:
        yield Violation("broad-except", name, line, "catches everything; name what can happen")


def figures(modules: Sequence[Module]) -> dict[str, float]:
    """Return the ratcheted figures: all are better when lower, shares lie in [0, 1]."""
    functions = [function for module in modules for function in module.functions]
    methods = [count for module in modules for _, count in module.classes.values()]
    lines = [module.lines for module in modules if module.lines]
    long = [count for count in lines if count > SOFT_MODULE_LINES]
    public = sum(len(module.public) for module in modules)
    undocumented = sum(len(module.undocumented) for module in modules)
    return {
        "modules_over_400_lines_share": _share(len(long), len(lines)),
        "lines_in_modules_over_400_share": _share(sum(long), sum(lines)),
        "functions_over_40_lines_share": _share(
            sum(f.lines > SOFT_FUNCTION_LINES for f in functions), len(functions)
        ),
        "functions_over_complexity_10_share": _share(
            sum(f.complexity > SOFT_COMPLEXITY for f in functions), len(functions)
        ),
        "classes_over_12_methods_share": _share(
            sum(count > SOFT_METHODS for count in methods), len(methods)
        ),
        "mean_complexity": _share(sum(f.complexity for f in functions), len(functions)),
        "mean_function_lines": _share(sum(f.lines for f in functions), len(functions)),
        "undocumented_share": _share(undocumented, public),
        "broad_excepts": float(sum(len(module.broad_excepts) for module in modules)),
    }


def _share(part: float, whole: float) -> float:
    """Return part / whole, rounded up to two places so that noise does not move the ratchet."""
    return math.ceil(100 * part / whole - 1e-9) / 100 if whole else 0.0


def slipped(measured: Mapping[str, float], committed: Mapping[str, float]) -> list[str]:
    """Return a line for each figure that got worse, or that the committed file lacks."""
    lines: list[str] = []
    for name, value in measured.items():
        if name not in committed:
            lines.append(f"{name}: not in the committed figures; run with --update")
        elif value > committed[name]:
            lines.append(f"{name}: {value:g}, was {committed[name]:g}, may only fall")
    return lines


def lowered(measured: Mapping[str, float], committed: Mapping[str, float]) -> dict[str, float]:
    """Return the figures to commit: of the measured and the committed one, the lower."""
    return {name: min(value, committed.get(name, value)) for name, value in measured.items()}


def read_limits(path: Path) -> Limits:
    """Return the limits and the named exceptions of a shape.toml."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    allow = cast(list[dict[str, str]], content.get("allow", []))
    return Limits(
        **cast(dict[str, int], content.get("limits", {})),
        allow=frozenset((entry["rule"], entry["name"]) for entry in allow if entry["reason"]),
    )


def table(modules: Sequence[Module], measured: Mapping[str, float]) -> str:
    """Return all figures as aligned lines: plain counts first, then the ratcheted ones."""
    functions = [function for module in modules for function in module.functions]
    rows: dict[str, float] = {
        "modules": len(modules),
        "lines": sum(module.lines for module in modules),
        "longest_module": max((module.lines for module in modules), default=0),
        "functions": len(functions),
        "longest_function": max((f.lines for f in functions), default=0),
        "highest_complexity": max((f.complexity for f in functions), default=0),
        "classes": sum(len(module.classes) for module in modules),
        "public_names": sum(len(module.public) for module in modules),
        **measured,
    }
    width = max(len(name) for name in rows)
    return "\n".join(f"{name:<{width}}  {value:>8g}" for name, value in rows.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the faults; return 1 when there is a fault."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=here.parent / "src")
    parser.add_argument("--limits", type=Path, default=here / "shape.toml")
    parser.add_argument("--figures", type=Path, default=here / "shape.json")
    parser.add_argument("--update", action="store_true", help="commit figures that got better")
    options = parser.parse_args(arguments)

    modules = read_tree(options.root)
    _forgive_inherited(modules)
    faults = [str(fault) for fault in violations(modules, read_limits(options.limits))]
    measured = figures(modules)
    committed: dict[str, float] = {}
    if options.figures.exists():
        committed = json.loads(options.figures.read_text(encoding="utf-8"))
    if options.update:
        committed = lowered(measured, committed)
        options.figures.write_text(json.dumps(committed, indent=2) + "\n", encoding="utf-8")
    faults += slipped(measured, committed)
    print(table(modules, measured))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
