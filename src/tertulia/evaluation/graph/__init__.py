"""Stories as one graph: common paths merged, laid out in layers, drawn as SVG in one page."""
