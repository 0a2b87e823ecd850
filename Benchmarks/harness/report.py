"""Tables as Markdown, on a terminal and between the markers of a README."""

from pathlib import Path


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, padded so that it reads well as plain text; columns after the first are right-aligned."""
    widths = [max(len(cell) for cell in cells) for cells in zip(columns, *rows)]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join(line(cells, widths) for cells in [columns, rule, *rows])


def line(cells: list[str], widths: list[int]) -> str:
    first, *others = (cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(cells, widths)))
    return f"| {' | '.join([first, *others])} |"


def replace(readme: Path, section: str, text: str) -> None:
    """Puts the text between `<!-- SECTION:begin -->` and `<!-- SECTION:end -->`."""
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    old = readme.read_text(encoding="utf-8")
    if old.count(begin) != 1 or old.count(end) != 1:
        raise ValueError(f"{readme} needs the markers {begin} and {end} once each")
    before, rest = old.split(begin)
    readme.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def count(value: float) -> str:
    return f"{value:,.0f}"


def ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def mebibytes(kibibytes: int) -> str:
    return f"{kibibytes / 1024:,.0f}"
