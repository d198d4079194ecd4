"""Rewrites a project of 0.x or 2.x for version 3.1, and replays its stories before and after."""
