"""One module per resource; `server.declare` is how a route is written."""
