"""Markdown tables of benchmarks."""

from __future__ import annotations

import pytest

from benchmarks import table


def test_a_table_is_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_header(("model", "format", "ms"), text=2)
    table.print_row("small", "int8", 0.25)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["| model | format | ms |", "|---|---|---:|", "| small | int8 | 0.25 |"]
