"""Several processes that serve one address together: one that starts them, and those that serve."""
