"""Short ways to read a domain in a test and to tell what was noted."""

from textwrap import dedent

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Domain, Generation
from tertulia.data.domain import read_domain_text


def read(
    text: str, generation: Generation | None = None, env: dict[str, str] | None = None
) -> tuple[Domain, list[str]]:
    """Return the domain and what was noted: `line code`, or `line warning code`."""
    noted = Diagnostics()
    domain = read_domain_text(
        dedent(text), file="d.yml", env=env, generation=generation, diagnostics=noted
    )
    assert domain is not None
    return domain, problems(noted)


def problems(noted: Diagnostics) -> list[str]:
    """Return line, level and code of each problem."""
    return [
        f"{problem.at.line if problem.at else '-'} "
        f"{'' if problem in noted.errors else 'warning '}{problem.code}"
        for problem in noted.problems
    ]


def clean(text: str, generation: Generation | None = None) -> Domain:
    """Return the domain of a text in which nothing is wrong."""
    domain, noted = read(text, generation)
    assert noted == []
    return domain
