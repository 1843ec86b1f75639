"""How much a page of a list has, and a filter."""

from __future__ import annotations

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code

PAGE_ITEMS = 100
"""Items of a page when the caller names no number."""
PAGE_ITEMS_MOST = 1000
FILTERS_MOST = 100
"""Names in one filter; there are 22 events."""


def page_items(limit: int) -> int:
    """Returns how many items a page has. Raises `Declined`: INVALID_ARGUMENT for a negative number."""
    if limit < 0:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("a page size is not negative", "số mục mỗi trang không được âm")
        )
    return min(limit or PAGE_ITEMS, PAGE_ITEMS_MOST)
