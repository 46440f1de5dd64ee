"""Reasons that stand in the record."""

from accounts.refusals import Invalid


def reason_given(text: str, shortest: int, longest: int, *, field: str = "reason") -> str:
    """The reason, tidied. Raises Invalid when it says too little, or more than the record keeps."""
    text = text.strip()
    if not shortest <= len(text) <= longest:
        raise Invalid(
            "A reason is needed; it stands in the record.",
            "Write {shortest} to {longest} characters.",
            field=field,
            shortest=shortest,
            longest=f"{longest:,}",
        )
    return text
