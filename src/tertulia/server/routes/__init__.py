"""One module per resource; `declare` is how a route is written."""
