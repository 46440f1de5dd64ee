"""Refusals speak to the person: what is wrong, and what to do about it.

`str()` is English, for the record, the API and programs. `told`, `advice` and `said` are for pages: in the language of
the reader, where the refusal was given its sentences whole and the values by name:
`Invalid("{name} is retired for good.", "Register a new model for a new use.", name=model.name)`.
"""

import errno

from accounts.said import Said


class Refusal(Exception):
    """Something that the rules do not allow. `str()` says what is wrong, `remedy` what to do instead."""

    def __init__(self, reason: str, remedy: str = "", **values: object) -> None:
        self.reason = _said(reason, values)
        self._remedy = _said(remedy, values)
        self.remedy: str = self._remedy
        super().__init__(self.reason)

    def told(self) -> str:
        """What is wrong, in the language of the reader."""
        return self.reason.told()

    def advice(self) -> str:
        """What to do instead, in the language of the reader."""
        return self._remedy.told()

    def said(self) -> str:
        """Both, one after the other."""
        return f"{self.told()} {self.advice()}".strip()


class NotAllowed(Refusal):
    """The person or key lacks the role or scope."""


class Invalid(Refusal):
    """What was given cannot be taken; `field` names the place, when there is one."""

    def __init__(self, reason: str, remedy: str = "", *, field: str = "", **values: object) -> None:
        super().__init__(reason, remedy, **values)
        self.field = field


class Conflict(Refusal):
    """It contradicts what exists already."""


class Unavailable(Refusal):
    """Something that we depend on does not answer. Nothing was changed, and trying again makes sense."""


class NoRoom(Unavailable):
    """A disk of ours is full."""

    def __init__(self) -> None:
        super().__init__(
            "There is no room left on the server's disk. Nothing was kept.",
            "Tell whoever operates Countersign; once there is room, send it again.",
        )


def is_full(error: OSError) -> bool:
    """Whether it says that a disk, a quota or the longest file allowed is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _said(text: str, values: dict[str, object]) -> Said:
    return text if isinstance(text, Said) else Said(text, **values)
