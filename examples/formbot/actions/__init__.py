"""Custom actions of the reservation bot."""
