"""Order between processes."""
