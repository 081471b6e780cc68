"""From an account to an actor: the role a person acts in."""

from __future__ import annotations

from collections.abc import Iterable

from identity.accounts import IdentityError, User
from workflows.commands import Actor


class NoSuchRole(IdentityError):
    """The account holds no role to act in, or not the one named."""

    code = "no_such_role"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no role for {subject}")
        self.subject = subject


def actor_for(
    user: User, allowed: Iterable[str] = (), *, role: str = "", via: str = "web", os_user: str = ""
) -> Actor:
    """The actor a person is in one act.

    Args:
        user: the account.
        allowed: roles that may do it, the preferred first; the first one the person holds is acted in. Where the
            person holds none of them, any role held: the rules then refuse, and say whose turn it is.
        role: a role chosen by name.
        via: the door, as `workflows.commands.Actor` says.
        os_user: the operating-system user of a console command.

    Raises:
        NoSuchRole: no role in force, or not the one chosen.
    """
    held = sorted(str(item) for item in user.roles) if user.active else []
    if role:
        held = [role] if role in held else []
    wanted = [name for name in allowed if name in held]
    if not held:
        raise NoSuchRole(user.email)
    return Actor(id=user.id, role=(wanted or held)[0], via=via, os_user=os_user)
