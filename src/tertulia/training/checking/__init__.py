"""Checks of a project beyond its single files: between configuration, domain, data and servers."""
