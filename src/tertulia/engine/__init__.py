"""The runtime: one message is one straight walk through named steps."""
