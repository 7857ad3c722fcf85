"""Where a line on one source begins: columns that the longest codes and routes of the catalogue fit in (R-PACA, special-92)."""

from __future__ import annotations


def code_column(code: str) -> str:
    """`26     `"""
    return f"{code:<6} "


def source_columns(key: str) -> str:
    """`26     site       ` for `26:site`."""
    code, _, route = key.partition(":")
    return f"{code_column(code)}{route:<10} "


def count(number: int, noun: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
