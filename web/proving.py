"""What makes the log provable to others: heads and views committed to daily, checkpoints anchored hourly."""

from __future__ import annotations

from datetime import timedelta

from anchoring.desk import Outcome
from auditing.viewproof import commit_views, newest
from evidence.completeness import commit_heads, grown_since, latest_commitment
from evidence.entry import parse_time
from web.inception import settle
from web.logs import LOG
from web.wiring import House, HouseError

HEADS_EVERY = timedelta(days=1)


def commit(house: House) -> bool:
    """Give every entry its index, and commit to the heads if something was recorded since; whether it did."""
    settle(house)
    found = latest_commitment(house.ledger)
    if found is not None and not grown_since(house.ledger, found[0].size):
        return False
    commit_heads(house.ledger)
    settle(house)
    return True


def keep_heads(house: House) -> bool:
    """Commit to the heads of all cases if a day has passed and something was recorded; whether it did."""
    found = latest_commitment(house.ledger)
    if found is not None and house.clock() - parse_time(found[1].entry.at) < HEADS_EVERY:
        return False
    return commit(house)


def keep_views(house: House) -> bool:
    """Commit to what auditors viewed if a day has passed and there is more of it; whether it did."""
    found = newest(house.ledger)
    if found is not None and house.clock() - parse_time(found[1].entry.at) < HEADS_EVERY:
        return False
    made = commit_views(house.ledger, house.room.views, house.clock())
    if made is not None:
        settle(house)
    return made is not None


def keep_anchors(house: House) -> Outcome:
    """Anchor the newest checkpoint if the log has grown since the last anchor, or a time stamp wants renewal.

    Raises:
        HouseError: ``witness_contradicts``: a witness refuses this log; the others were asked all the same.
    """
    desk = house.anchors
    if not desk.configured or not (desk.grown() or desk.ageing()):
        return Outcome()
    return anchor(house)


def before_export(house: House) -> None:
    """Make what is about to be exported provable: its cases whole as of now, its checkpoint anchored.

    A witness that contradicts the log does not keep the auditor from the evidence: it is logged, and an alarm of the
    steward's.
    """
    if not house.anchors.configured:
        commit(house)
        return
    try:
        anchor(house)
    except HouseError as error:
        LOG.error("anchor before an export", extra={"what": error.code})


def anchor(house: House) -> Outcome:
    """Commit to the heads, sign what there is, and have it anchored by everybody who is configured.

    Raises:
        HouseError: ``witness_contradicts``.
    """
    commit(house)
    kept = house.ledger.latest_checkpoint()
    if kept is None:
        raise HouseError("unavailable")
    outcome = house.anchors.anchor(kept[1])
    settle(house)
    for missed in outcome.missed:
        LOG.warning("anchor missed", extra={"what": f"{missed.kind} {missed.name}"})
    alarms = [missed for missed in outcome.missed if missed.alarming]
    if alarms:
        raise HouseError("witness_contradicts", detail="; ".join(missed.reason for missed in alarms))
    return outcome
