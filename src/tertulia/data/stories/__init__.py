"""Stories and rules: read, written, and cut into the steps that training walks."""
