"""Other people's servers over HTTP: action server and response server."""
