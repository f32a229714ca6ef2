"""Scenarios in which Perdure still differs from the real server and should not: work that is left, by topic.

A scenario that is listed and differs is reported as xfail; a line goes when its scenario passes. What we
mean to keep stands in differences.py.
"""

LEFT: dict[str, str] = {}
