"""Built-in actions as scripts: they ask, the engine performs."""
