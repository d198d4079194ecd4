"""A graph of stories as one HTML page: an SVG, no script, no network."""

from collections.abc import Sequence

from tertulia.evaluation.graph.build import Graph, Kind, Node
from tertulia.evaluation.graph.layout import Layout, lay_out
from tertulia.evaluation.page import Html, tag

MOST_CHARACTERS = 34
_CHARACTER, _PAD, _HEIGHT = 7.3, 22.0, 32.0

_STYLE = """
:root{color-scheme:light dark;--ink:#1a202c;--quiet:#5a6578;--back:#fff;--line:#8a97ab;
--message:#dbeafe;--message-line:#3b82c4;--action:#f3f5f8;--start:#c9f0d3;--end:#fbd5d5}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf1;--quiet:#9aa6b8;--back:#12161d;
--line:#64748b;--message:#1e3a5f;--message-line:#5b9bd5;--action:#252c38;--start:#1d4a2b;
--end:#5b2530}}
body{margin:0;padding:1rem;background:var(--back);color:var(--ink);font:14px system-ui,sans-serif}
h1{font-size:1.2rem;margin:0}p{color:var(--quiet);margin:.3rem 0 1rem}
.wide{overflow:auto}svg{display:block;margin:0 auto;max-width:none}
text{fill:var(--ink);font:13px system-ui,sans-serif;text-anchor:middle;dominant-baseline:central}
path{fill:none;stroke:var(--line);stroke-width:1.4}
marker path{fill:var(--line);stroke:none}
.action rect{fill:var(--action);stroke:var(--line)}
.message rect{fill:var(--message);stroke:var(--message-line)}
.start rect{fill:var(--start);stroke:var(--line)}.end rect{fill:var(--end);stroke:var(--line)}
.key{display:inline-block;padding:.1rem .6rem;border-radius:.6rem;margin-right:.5rem;
color:var(--ink);border:1px solid var(--line)}.key.message{background:var(--message)}
.key.action{background:var(--action);border-radius:0}
""".replace("\n", "")


def graph_page(graph: Graph, *, title: str, about: str) -> str:
    """Return the page."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    keys = tag("p", tag("span", "what a person says", class_="key message"),
               tag("span", "what the bot does", class_="key action"), about)  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        + tag("title", title)
        + f"<style>{_STYLE}</style></head><body>"
        + tag("h1", title)
        + keys
        + tag("div", _svg(graph), class_="wide")
        + "</body></html>\n"
    )


def _svg(graph: Graph) -> Html:
    labels = [_short(node.label) for node in graph.nodes]
    widths = [max(48.0, _CHARACTER * len(label) + _PAD) for label in labels]
    layout = lay_out(widths, graph.edges)
    parts = [Html(_ARROW)]
    parts += [_edge(points) for points in layout.routes.values()]
    parts += [
        _node(node, labels[place], widths[place], layout, place)
        for place, node in enumerate(graph.nodes)
    ]
    size = f"0 0 {layout.width:.0f} {layout.height:.0f}"
    return tag(
        "svg",
        *parts,
        viewBox=size,
        width=f"{layout.width:.0f}",
        height=f"{layout.height:.0f}",
        role="img",
    )


_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
)


def _edge(points: Sequence[tuple[float, float]]) -> Html:
    down = points[-1][1] >= points[0][1]
    half = _HEIGHT / 2 if down else -_HEIGHT / 2
    (x, y), path = points[0], ""
    y += half
    path = f"M{x:.1f} {y:.1f}"
    for place, (to_x, at_y) in enumerate(points[1:], 1):
        to_y = at_y - half if place == len(points) - 1 else at_y
        middle = (y + to_y) / 2
        path += f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return tag("path", d=path, marker_end="url(#arrow)")


def _node(node: Node, label: str, width: float, layout: Layout, place: int) -> Html:
    x, y = layout.places[place]
    round_ = {Kind.ACTION: 3, Kind.MESSAGE: 14}.get(node.kind, _HEIGHT / 2)
    box = tag(
        "rect",
        x=f"{x - width / 2:.1f}",
        y=f"{y - _HEIGHT / 2:.1f}",
        width=f"{width:.1f}",
        height=_HEIGHT,
        rx=round_,
    )
    words = tag("text", label, x=f"{x:.1f}", y=f"{y:.1f}")
    return tag("g", tag("title", _about(node)), box, words, class_=node.kind.value)


_NAMED = 12


def _about(node: Node) -> str:
    names = ", ".join(node.stories[:_NAMED])
    more = len(node.stories) - _NAMED
    return f"{node.label}\nin {names}" + (f" and {more} more" if more > 0 else "")


def _short(label: str) -> str:
    return label if len(label) <= MOST_CHARACTERS else f"{label[: MOST_CHARACTERS - 1]}…"
