"""Markdown tables of benchmarks, printed row by row as results are measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def header(columns: Sequence[str], text: int = 1) -> str:
    """Returns the first two lines of a table.

    Args:
        columns: headings.
        text: number of leading columns with text; the others hold numbers, aligned right.
    """
    alignment = "|---" * text + "|---:" * (len(columns) - text)
    return f"{row(columns)}\n{alignment}|"


def row(cells: Iterable[object]) -> str:
    """Returns one line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def print_header(columns: Sequence[str], text: int = 1) -> None:
    """Prints the first two lines of a table, see `header`."""
    print(header(columns, text), flush=True)


def print_row(*cells: object) -> None:
    """Prints one line of a table."""
    print(row(cells), flush=True)
