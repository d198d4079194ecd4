"""What operators see of a running server: figures, traces, lines in the log."""
