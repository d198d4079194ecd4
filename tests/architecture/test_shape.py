"""The measuring script counts what it says, on small invented sources."""

import ast
import json
from pathlib import Path

import pytest
from tools import shape

LIMITS = shape.Limits(module_lines=12, function_lines=4, complexity=3, class_methods=2)


def module(text: str, name: str = "pkg.mod") -> shape.Module:
    return shape.measure_module(name, text, is_package=False)


def rules(*modules: shape.Module, limits: shape.Limits = LIMITS) -> list[tuple[str, str]]:
    return [(fault.rule, fault.name) for fault in shape.violations(modules, limits)]


def complexity_of(body: str) -> int:
    (function,) = ast.parse(body).body
    assert isinstance(function, ast.FunctionDef)
    return shape.complexity(function)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f(): return 1", 1),
        ("def f(a): return 1 if a else 2", 2),
        ("def f(a, b, c): return a and b and c", 3),
        ("def f(a): return [x for x in a if x]", 3),
        ("def f(a):\n if a: pass\n elif not a: pass\n else: pass", 3),
        ("def f(a):\n for x in a:\n  while x: pass", 3),
        ("def f():\n try: pass\n except OSError: pass\n except ValueError: pass", 3),
        ("def f(a):\n match a:\n  case 1: pass\n  case 2: pass\n  case _: pass", 3),
        ("def f(a):\n def g(b):\n  if b: pass\n if a: pass", 3),
    ],
)
def test_each_branching_place_adds_one_path(body: str, expected: int) -> None:
    assert complexity_of(body) == expected


def test_a_module_over_the_limit_is_reported_with_both_numbers() -> None:
    (fault,) = shape.violations([module('"""Long."""\n' + "x = 1\n" * 12)], LIMITS)
    assert str(fault) == "pkg.mod:1 module-lines: 13 lines, 12 are the limit"


def test_a_long_function_counts_its_decorators() -> None:
    text = '"""M."""\n@mark\ndef _f():\n    a = 1\n    b = 2\n    return a\n'
    assert rules(module(text)) == [("function-lines", "pkg.mod:_f")]


def test_a_branchy_method_is_reported_under_its_class() -> None:
    text = '"""M."""\nclass _C:\n    def m(self, a, b, c, d): return a or b or c or d\n'
    assert rules(module(text)) == [("complexity", "pkg.mod:_C.m")]


def test_the_faces_of_one_property_count_as_one_method() -> None:
    text = '"""M."""\nclass _C:\n' + "".join(
        f"    {mark}\n    def value(self, *a): ...\n" for mark in ("@property", "@value.setter")
    )
    assert module(text).classes["pkg.mod:_C"] == (2, 1)


def test_a_class_with_too_many_methods_is_reported() -> None:
    text = '"""M."""\nclass _C:\n' + "".join(f"    def m{n}(self): ...\n" for n in range(3))
    assert rules(module(text)) == [("class-methods", "pkg.mod:_C")]


def test_public_names_need_a_docstring_and_private_ones_do_not() -> None:
    text = (
        '"""M."""\ndef shown(): ...\ndef _hidden(): ...\n'
        "class Shown:\n    def method(self): ...\n    def __len__(self): ...\n"
        "class _Hidden:\n    def method(self): ...\n"
    )
    assert rules(module(text)) == [
        ("docstring", "pkg.mod:shown"),
        ("docstring", "pkg.mod:Shown"),
        ("docstring", "pkg.mod:Shown.method"),
    ]


def test_names_below_a_condition_are_seen_on_both_sides() -> None:
    text = '"""M."""\nif x:\n    def one(): ...\nelse:\n    def two(): ...\n'
    assert rules(module(text)) == [("docstring", "pkg.mod:one"), ("docstring", "pkg.mod:two")]


def test_a_module_with_code_needs_a_docstring_and_an_empty_one_does_not() -> None:
    assert rules(module("x = 1\n"), module("", "pkg.empty")) == [("docstring", "pkg.mod")]


@pytest.mark.parametrize("caught", ["", " Exception", " (OSError, Exception)", " BaseException"])
def test_a_broad_handler_is_reported(caught: str) -> None:
    text = f'"""M."""\ndef _f():\n    try: x()\n    except{caught}: y()\n'
    assert rules(module(text)) == [("broad-except", "pkg.mod:_f")]


def test_a_broad_handler_outside_functions_is_reported() -> None:
    text = '"""M."""\ntry:\n    import a\nexcept Exception:\n    a = None\n'
    assert rules(module(text)) == [("broad-except", "pkg.mod:<body>")]


def test_a_named_handler_is_no_fault() -> None:
    assert rules(module('"""M."""\ndef _f():\n    try: x()\n    except OSError: y()\n')) == []


def test_an_exception_from_a_rule_covers_one_rule_of_one_part() -> None:
    text = "def shown(a, b, c, d): return a or b or c or d\n"
    allow = frozenset({("docstring", "pkg.mod"), ("complexity", "pkg.mod:shown")})
    limits = shape.Limits(complexity=3, allow=allow)
    assert rules(module(text), limits=limits) == [("docstring", "pkg.mod:shown")]


def test_an_exception_that_is_needed_no_more_is_a_fault() -> None:
    limits = shape.Limits(allow=frozenset({("complexity", "pkg.gone:f")}))
    assert rules(module('"""M."""\n'), limits=limits) == [("stale-exception", "pkg.gone:f")]


def test_a_circle_through_a_type_only_import_is_found() -> None:
    one = module('"""M."""\nfrom pkg.b import B\n', "pkg.a")
    two = module(
        '"""M."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import a\n',
        "pkg.b",
    )
    assert shape.cycles([one, two, module("", "pkg")]) == [["pkg.a", "pkg.b"]]


def test_a_relative_import_leads_to_its_module() -> None:
    package = shape.measure_module("pkg", "from .a import A\n", is_package=True)
    inner = module("from . import NAME\nfrom .b import B\n", "pkg.a")
    assert shape.cycles([package, inner, module("", "pkg.b")]) == [["pkg", "pkg.a"]]


def test_a_chain_of_imports_is_no_circle() -> None:
    chain = [module("import pkg.b", "pkg.a"), module("import pkg.c", "pkg.b"), module("", "pkg.c")]
    assert shape.cycles(chain) == []


def test_figures_are_shares_rounded_up() -> None:
    text = "".join(f'def f{n}():\n    """Doc."""\n' for n in range(200)) + "def bare(): ...\n"
    measured = shape.figures([module('"""M."""\n' + text)])
    assert measured["undocumented_share"] == 0.01
    assert measured["modules_over_400_lines_share"] == 1.0
    assert measured["mean_complexity"] == 1.0


def test_a_figure_may_fall_and_not_rise() -> None:
    assert shape.slipped({"mean": 1.5}, {"mean": 2.0}) == []
    assert shape.slipped({"mean": 2.5}, {"mean": 2.0}) == ["mean: 2.5, was 2, may only fall"]


def test_lowering_keeps_the_better_figure() -> None:
    assert shape.lowered({"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 2.0}) == {"a": 1.0, "b": 2.0}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src/pkg").mkdir(parents=True)
    (tmp_path / "src/pkg/__init__.py").write_text('"""P."""\n')
    (tmp_path / "shape.toml").write_text("[limits]\ncomplexity = 2\n")
    return tmp_path


def run(project: Path, *more: str) -> int:
    return shape.main(
        [
            *("--root", str(project / "src")),
            *("--limits", str(project / "shape.toml")),
            *("--figures", str(project / "shape.json")),
            *more,
        ]
    )


def test_the_first_update_commits_the_figures_and_passes(project: Path) -> None:
    assert run(project) == 1
    assert run(project, "--update") == 0
    assert json.loads((project / "shape.json").read_text())["mean_complexity"] == 0.0
    assert run(project) == 0


def test_a_fault_fails_the_run_and_names_the_place(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src/pkg/bad.py").write_text("def shown():\n    return 1\n")
    run(project, "--update")
    assert "pkg.bad:shown:1 docstring" in capsys.readouterr().err


def test_an_update_never_raises_a_figure(project: Path) -> None:
    run(project, "--update")
    (project / "src/pkg/more.py").write_text('"""M."""\ndef _f(a):\n    return a or 1\n')
    assert run(project, "--update") == 1
    assert json.loads((project / "shape.json").read_text())["mean_complexity"] == 0.0


def test_a_method_may_lean_on_the_docstring_of_a_named_base(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src/pkg/base.py").write_text(
        '"""M."""\nclass Port:\n    """Doc."""\n    def load(self):\n        """Doc."""\n'
    )
    (project / "src/pkg/memory.py").write_text(
        '"""M."""\nclass Store(base.Port[int]):\n    """Doc."""\n'
        "    def load(self): ...\n    def more(self): ...\n"
    )
    run(project, "--update")
    faults = capsys.readouterr().err
    assert "Store.load" not in faults
    assert "pkg.memory:Store.more:5 docstring" in faults
