"""One master key following another: begun, with both in the file, and finished, with the new one alone."""

from __future__ import annotations

from web.keyfiles import replace_private
from web.masterkey import master_text
from web.wiring import House, HouseError

IDENTITY = "AGE-SECRET-KEY-"


def begin_rotation(house: House) -> int:
    """Put a new master key before the present one, unless that was begun, and wrap every case's key for it.

    Gives how many were. Run again after an interruption; the former key stays until `finish_rotation`.

    Raises:
        HouseError: ``master_key_elsewhere``: it comes from the environment or a command, which give only one.
        KeysUnavailable: there is none, or a case's key is wrapped for none of them.

    Where a key service keeps it, that one puts the new one first, and keys are wrapped for it here.
    """
    settings = house.settings
    if settings.master_key_unwrap:
        return house.case_keys.rewrap()
    text = _present(house)
    if _identities(text) == 1:
        if settings.master_key or settings.master_key_command:
            raise HouseError("master_key_elsewhere")
        replace_private(settings.master_file, house.case_keys.new_master(text))
    return house.case_keys.rewrap()


def finish_rotation(house: House) -> None:
    """Forget the former master key: whoever finds old wrapped keys in a backup or in a database's log needs it.

    Raises:
        HouseError: ``master_key_waiting``: a case's key is still wrapped for it. ``master_key_elsewhere``.
    """
    settings, keys = house.settings, house.case_keys
    if settings.master_key or settings.master_key_command or settings.master_key_unwrap:
        raise HouseError("master_key_elsewhere")
    text = _present(house)
    waiting = sum(count for master, count in keys.wrapped_for().items() if master != keys.recipients()[0])
    if waiting:
        raise HouseError("master_key_waiting", count=waiting)
    replace_private(settings.master_file, house.case_keys.first_master(text))


def _identities(text: str) -> int:
    """How many there are: one of them in a comment opens nothing, and age writes them in small letters too."""
    return sum(line.strip().upper().startswith(IDENTITY) for line in text.splitlines())


def _present(house: House) -> str:
    text = master_text(house.settings)
    if text is None:
        raise HouseError("master_key_missing", file=str(house.settings.master_file))
    return text
