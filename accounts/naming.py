"""What others remember of a person's name is made anew when it changes. The apps above say what that is."""

from collections.abc import Callable

from accounts.models import User

_REMEMBERING: list[Callable[[User], None]] = []


def remembers_names(*forget: Callable[[User], None]) -> None:
    """Let an app above say how it forgets a name. Called once, when Django starts."""
    _REMEMBERING.extend(forget)


def renamed(person: User) -> None:
    """The person is called otherwise from this transaction on."""
    for forget in _REMEMBERING:
        forget(person)
