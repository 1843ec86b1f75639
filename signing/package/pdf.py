"""`page.pdf`: the same story on paper, by fpdf2, with its fonts inside.

Nothing in it but the story changes: no clock, no name of a program, no random identifier. What a font has no
letter for is shown as a box.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from signing.evidence.events import EventLabel
from signing.package.findings import State
from signing.package.html import AS_OF, ASSEMBLED, FILES, HISTORY, NOTE, STEPS, TITLE
from signing.package.story import Row, Story

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS = Path(__file__).parent / "fonts"
_FONT = "DejaVu"
MOST_ROWS = 300
"""Steps on paper; a dispatch to thousands has the others in page.html."""
MORE = EventLabel(vietnamese="Còn nữa trong page.html", english="More in page.html")
_COLOURS = {
    State.SOUND: (5, 98, 14),
    State.DESTROYED: (40, 60, 120),
    State.UNDECIDED: (122, 82, 0),
    State.REFUSED: (164, 0, 0),
}


def pdf(story: Story, as_of: datetime) -> bytes:
    """Returns the document; `as_of` is the only date in it."""
    from fpdf import FPDF  # here and not above: it takes longer to load than a seal to verify

    paper = FPDF(orientation="landscape", format="A4")
    paper.set_creation_date(as_of)
    paper.set_producer("national-axis")
    paper.set_title(TITLE.vietnamese)
    paper.set_lang("vi")
    paper.add_font(_FONT, "", _FONTS / "DejaVuSans.ttf")
    paper.add_font(_FONT, "B", _FONTS / "DejaVuSans-Bold.ttf")
    paper.add_page()
    _heading(paper, TITLE, 15)
    _paragraph(paper, _both(NOTE))
    _table(paper, (), [[_both(name), value] for name, value in story.facts], (25, 75))
    _heading(paper, FILES, 12)
    heads = ("Tên / Name", "Byte", "SHA-256", "Kết quả / Verdict")
    files = [[f"{f.name}\n{f.place}", str(f.size), f.sha256, _both(f.verdict)] for f in story.files]
    _table(paper, heads, files, (30, 10, 35, 25), [f.state for f in story.files])
    _heading(paper, STEPS, 12)
    _steps(paper, story.rows)
    if story.history:
        _heading(paper, HISTORY, 12)
        _steps(paper, story.history)
    _paragraph(paper, f"{_line(ASSEMBLED)}: {story.assembler}\n{_line(AS_OF)}: {story.as_of}")
    return bytes(paper.output())


def _steps(paper: FPDF, rows: tuple[Row, ...]) -> None:
    heads = ("Lúc / At", "Việc / Step", "Bên thực hiện / Actor", "Kết quả / Verdict", "Tệp và SHA-256 / File")
    cells = [
        [
            row.at,
            "\n".join(filter(None, (_both(row.what), row.about))),
            "\n".join(filter(None, (row.actor, row.signer))),
            _both(row.verdict),
            "\n".join(filter(None, (row.file, row.sha256))),
        ]
        for row in rows[:MOST_ROWS]
    ]
    _table(paper, heads, cells, (15, 22, 22, 18, 23), [row.state for row in rows], verdict=3)
    if len(rows) > MOST_ROWS:
        _paragraph(paper, f"{_line(MORE)}: {len(rows) - MOST_ROWS}")


def _table(
    paper: FPDF,
    heads: tuple[str, ...],
    rows: list[list[str]],
    widths: tuple[int, ...],
    states: list[State] | None = None,
    *,
    verdict: int | None = None,
) -> None:
    from fpdf.fonts import FontFace

    if not rows:
        return
    paper.set_font(_FONT, size=7.5)
    verdict = len(widths) - 1 if verdict is None else verdict
    heading = FontFace(emphasis="BOLD", fill_color=(242, 242, 242))
    with paper.table(
        col_widths=widths,
        first_row_as_headings=bool(heads),
        headings_style=heading,
        line_height=3.6,
        text_align="LEFT",
        padding=0.8,
    ) as table:
        if heads:
            table.row(heads)
        for number, cells in enumerate(rows):
            row = table.row()
            for column, cell in enumerate(cells):
                coloured = states is not None and column == verdict
                style = FontFace(color=_COLOURS[states[number]]) if coloured and states else None
                row.cell(_shown(cell), style=style)
    paper.ln(3)


def _heading(paper: FPDF, label: EventLabel, size: int) -> None:
    paper.set_font(_FONT, "B", size)
    paper.multi_cell(0, size * 0.5, _line(label), new_x="LMARGIN", new_y="NEXT")
    paper.ln(1)


def _paragraph(paper: FPDF, text: str) -> None:
    paper.set_font(_FONT, size=8.5)
    paper.multi_cell(0, 4.4, _shown(text), new_x="LMARGIN", new_y="NEXT")
    paper.ln(2)


def _both(label: EventLabel) -> str:
    return "\n".join(filter(None, (label.vietnamese, label.english)))


def _line(label: EventLabel) -> str:
    return " / ".join(filter(None, (label.vietnamese, label.english)))


def _shown(text: str) -> str:
    """Text that can be laid out: no control characters but the line's end."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{WHITE SQUARE}" for char in text)
