# SPDX-License-Identifier: MIT
"""checks.py - a condition that must hold, and how many were looked at."""

_count = 0


def check(condition, what):
    global _count
    _count += 1
    if not condition:
        raise SystemExit(f"FAILED: {what}")


def count():
    return _count
