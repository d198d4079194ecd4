"""Channels: parse what users send and render what the bot says. No web framework here."""
