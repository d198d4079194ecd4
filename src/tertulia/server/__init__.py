"""The HTTP server: routes over the engine, who may use them, and what errors look like."""
