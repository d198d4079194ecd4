"""Custom actions of the reservation bot; served by rasa-sdk."""
