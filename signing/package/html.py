"""`page.html`: the story for people, in one file that loads nothing."""

from __future__ import annotations

from html import escape

from signing.evidence.events import EventLabel
from signing.package.findings import State
from signing.package.story import Row, Story

TITLE = EventLabel(
    vietnamese="Gói chứng cứ văn bản điện tử", english="Evidence package of an electronic document"
)
NOTE = EventLabel(
    vietnamese=(
        "Trang này do bên lập gói tạo ra để đọc cho tiện; tự nó không chứng minh điều gì. "
        "Hãy kiểm tra bằng lệnh `axis verify`, hoặc bằng các lệnh trong VERIFY.txt."
    ),
    english=(
        "Whoever assembled the package made this page for reading; by itself it proves nothing. Check with "
        "`axis verify`, or with the commands in VERIFY.txt."
    ),
)
FILES = EventLabel(vietnamese="Văn bản và tệp kèm theo", english="The document and its files")
STEPS = EventLabel(vietnamese="Diễn biến", english="What happened")
HISTORY = EventLabel(
    vietnamese="Nhật ký minh bạch và dấu thời gian", english="Transparency log and time-stamps"
)
ASSEMBLED = EventLabel(vietnamese="Bên lập gói", english="Assembled by")
AS_OF = EventLabel(vietnamese="Tính đến", english="As of")

_LOADS_NOTHING = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    "body{font:15px/1.45 'DejaVu Sans','Noto Sans',Arial,sans-serif;max-width:72rem;"
    "margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{border:1px solid #bbb;padding:.35rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}"
    "th{background:#f2f2f2;font-weight:600}code{font:12px 'DejaVu Sans Mono',monospace}"
    ".sound{color:#05620e}.destroyed{color:#283c78;font-weight:600}"
    ".undecided{color:#7a5200}.refused{color:#a40000;font-weight:600}"
    ".en{color:#444}.note{background:#fff8e0;border:1px solid #e0c060;padding:.6rem .8rem}"
)


def page(story: Story) -> bytes:
    """Returns the page in UTF-8. Every text in it is escaped: names and subjects are others' words."""
    parts = [
        '<!DOCTYPE html>\n<html lang="vi"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_LOADS_NOTHING}">',
        f"<title>{escape(TITLE.vietnamese)}</title><style>{_STYLE}</style></head><body>\n",
        f"<h1>{_both(TITLE)}</h1>\n<p class=note>{_both(NOTE)}</p>\n",
        _table((), [[_both(name), escape(value)] for name, value in story.facts]),
        f"<h2>{_both(FILES)}</h2>\n",
        _table(
            ("Tên / Name", "Trong gói / In the package", "Byte", "SHA-256", "Kết quả / Verdict"),
            [
                [escape(f.name), _code(f.place), str(f.size), _code(f.sha256), _verdict(f.state, f.verdict)]
                for f in story.files
            ],
        ),
        f"<h2>{_both(STEPS)}</h2>\n",
        _rows(story.rows),
    ]
    if story.history:
        parts += [f"<h2>{_both(HISTORY)}</h2>\n", _rows(story.history)]
    parts.append(
        f"<p>{_both(ASSEMBLED)}: {escape(story.assembler)}<br>{_both(AS_OF)}: {escape(story.as_of)}</p>\n"
        "</body></html>\n"
    )
    return "".join(parts).encode("utf-8", "replace")


def _rows(rows: tuple[Row, ...]) -> str:
    heads = ("Lúc / At", "Việc / Step", "Bên thực hiện / Actor", "Kết quả / Verdict", "Tệp và SHA-256 / File")
    return _table(heads, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    about = f"<br>{escape(row.about)}" if row.about else ""
    signer = f"<br><code>{escape(row.signer)}</code>" if row.signer else ""
    return [
        escape(row.at),
        _both(row.what) + about,
        escape(row.actor) + signer,
        _verdict(row.state, row.verdict),
        f"{_code(row.file)}<br>{_code(row.sha256)}",
    ]


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    head = f"<tr>{''.join(f'<th>{escape(each)}</th>' for each in heads)}</tr>\n" if heads else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>\n{head}{body}</table>\n"


def _verdict(state: State, words: EventLabel) -> str:
    return f"<span class={state}>{_both(words)}</span>"


def _both(label: EventLabel) -> str:
    english = f'<br><span class=en lang="en">{escape(label.english)}</span>' if label.english else ""
    return escape(label.vietnamese) + english


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
