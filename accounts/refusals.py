"""Refusals speak to the person: what is wrong, and what to do about it."""


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
