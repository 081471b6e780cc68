"""From a story to its diary: which steps are told, on which days, and what goes other than planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from demo.creation import Creation
from demo.diary import Beat, Diary, business_days_back
from demo.removal import Removal
from demo.stories import Story
from demo.teller import Desk, Teller
from workflows.calendar import BusinessCalendar


class StoryTooLong(Exception):
    """The calendar does not reach back as far as the story began."""


def teller_of(desk: Desk, story: Story) -> Teller:
    """Who tells the story."""
    return Removal(desk, story) if story.tipo == "baja" else Creation(desk, story)


def plot(teller: Teller, calendar: BusinessCalendar, now: datetime) -> list[Beat]:
    """The beats of a story, opened on the last business day that lets its anchor be as long ago as it should.

    Raises:
        StoryTooLong: the calendar does not reach back that far.
    """
    step, days = teller.story.anchor
    for opened in business_days_back(calendar, now):
        diary = Diary(calendar, opened, teller.story.key)
        if isinstance(teller, Removal):
            _removal(teller, diary)
        elif isinstance(teller, Creation):
            _creation(teller, diary)
        beats = _until(diary.beats, teller.story.until)
        anchored = [beat.moment for beat in beats if beat.step == step][-1]
        ago = (calendar.local_day(now) - calendar.local_day(anchored)).days
        if ago >= days and beats[-1].moment < now:
            return beats
    raise StoryTooLong(teller.story.key)


def _until(beats: list[Beat], last: str) -> list[Beat]:
    """The beats up to the last one of a step."""
    end = max(place for place, beat in enumerate(beats) if beat.step == last)
    return beats[: end + 1]


def _reception(teller: Teller, diary: Diary, confirm: Callable[[datetime], None]) -> None:
    diary.on(0, "09:12", "1", teller.open)
    diary.on(0, "09:31", "2", confirm)
    diary.on(0, "09:36", "3", teller.pending)
    diary.on(0, "11:05", "4", teller.sheet)
    diary.on(0, "11:21", "5", teller.in_process)


def _creation(teller: Creation, diary: Diary) -> None:
    story = teller.story
    waived = story.twist == "waive"
    _reception(teller, diary, teller.waive_confirmation if waived else teller.confirm)
    diary.on(0, "11:27", "6", teller.package)
    diary.on(0, "12:40", "7", teller.letter)
    diary.on(0, "12:52", "8", teller.send_letter)
    if story.twist == "director_refuses":
        diary.on(story.sign_days, "17:05", "9", teller.not_authorised)
        return
    diary.on(story.sign_days, "16:44", "9", teller.signed)
    _at_metlife(teller, diary)
    _delivery(teller, diary)
    _validation(teller, diary)


def _at_metlife(teller: Creation, diary: Diary) -> None:
    twist = teller.story.twist
    diary.on(1, "09:06", "10", teller.enter_scan)
    diary.on(0, "09:19", "11", teller.request)
    diary.on(0, "09:40", "12", teller.enter_data)
    if twist == "metlife_refuses_twice":
        diary.on(0, "15:10", "13", teller.refused_by_metlife)
        diary.on(1, "09:25", "12", teller.enter_data)
        diary.on(0, "14:02", "13", teller.refused_by_metlife)
        diary.on(1, "09:33", "12", teller.enter_data)
    if twist == "supersede":
        diary.on(0, "10:58", "12", teller.correct_data)
    diary.on(0, "16:28", "13", teller.tracking_number)
    diary.on(1, "09:08", "14", teller.find_in_cam)
    diary.on(0, "09:17", "15", teller.escalate)
    diary.on(0, "09:29", "16", teller.attach)
    diary.on(0, "09:45", "17", teller.announce)


def _delivery(teller: Creation, diary: Diary) -> None:
    story = teller.story
    diary.after(story.metlife_days, "12:16", "18", teller.confirmed)
    diary.on(0, "12:31", "19", teller.active)
    diary.on(0, "12:38", "20", teller.user_name)
    diary.on(0, "13:20", "21", teller.deliver)
    diary.on(0, "16:02", "22", teller.custody_letter)
    diary.on(0, "16:10", "23", teller.send_custody)
    if story.twist == "custody_returned":
        diary.on(2, "10:40", "24", teller.custody_unreadable)
        diary.on(0, "10:52", "23", teller.send_custody)
    diary.on(story.custody_days, "11:14", "24", teller.custody_back)
    diary.on(0, "12:05", "25", teller.file_paper)


def _validation(teller: Creation, diary: Diary) -> None:
    diary.on(0, "12:11", "26", teller.ask_validation)
    if teller.story.twist == "validation_fails":
        diary.on(1, "10:21", "26a", teller.fails)
        diary.on(1, "13:02", "26", teller.ask_validation)
    diary.on(1, "10:47", "26a", teller.works)


def _removal(teller: Removal, diary: Diary) -> None:
    full = teller.story.twist == "full"
    _reception(teller, diary, teller.confirm)
    if full:
        diary.on(0, "12:22", "28b", teller.request_removal)
    diary.on(0, "12:48", "28", teller.remove)
    if full:
        diary.on(1, "10:15", "28a", teller.sign_removal)
        diary.after(4, "11:33", "28c", teller.removal_confirmed)
    diary.on(0, "13:04", "28d", teller.announce_removal)
