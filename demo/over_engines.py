"""Puts the sections of one TOML file in the place of another file's sections of the same names.

python3 demo/over_engines.py axis.toml engines.toml
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def replaced(text: str, sections: str) -> str:
    """Returns `text` with `sections` at its end, and no others of their names."""
    for name in re.findall(r"^\[(\w+)\]$", sections, re.MULTILINE):
        text = re.sub(rf"^\[{name}\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
    return f"{text.rstrip()}\n\n{sections}"


def main() -> None:
    file, sections = map(Path, sys.argv[1:])
    file.write_text(replaced(file.read_text("utf-8"), sections.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
