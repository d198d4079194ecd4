"""The same actions as in `actions`, written for rasa-sdk."""
