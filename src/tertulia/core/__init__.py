"""Pure core: events, tracker, domain, turn. No IO, no clock, no randomness, no async, no numpy."""
