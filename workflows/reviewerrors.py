"""Why a review by link is not asked for, or a decision through one is refused."""

from __future__ import annotations

from workflows.refusal import Refusal


class RowsNotYours(Refusal):
    """``rows`` (ranges): rows that the request does not ask about, whether the sheet has them or not."""

    code = "rows_not_yours"


class WindowOver(Refusal):
    """``at``: when the area's days ended; silence has decided, or will."""

    code = "window_over"


class AreaNotAsked(Refusal):
    """``area``: nobody recorded that it was asked, or its days are over: there is no window to review in."""

    code = "area_not_asked"
