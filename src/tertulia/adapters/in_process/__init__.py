"""Custom actions run in this process, from a package that the operator names."""
