"""Event brokers, one module each; the table of their names is in `tertulia.brokers`."""
