"""Interactive learning: a person teaches a bot by talking to it, and saves what was taught."""
