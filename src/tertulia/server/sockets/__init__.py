"""The Socket.IO channel over HTTP and WebSocket: connections, rooms, and the turns of messages."""
