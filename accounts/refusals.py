"""Refusals speak to the person: what is wrong, and what to do about it."""

import errno


class Refusal(Exception):
    """Something that the rules do not allow. `str()` says what is wrong, `remedy` what to do instead."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.remedy = remedy


class NotAllowed(Refusal):
    """The person or key lacks the role or scope."""


class Invalid(Refusal):
    """What was given cannot be taken; `field` names the place, when there is one."""

    def __init__(self, reason: str, remedy: str = "", *, field: str = "") -> None:
        super().__init__(reason, remedy)
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
