"""The Socket.IO channel: packets, what users send in them, and what the bot says."""
