"""Reasons for an unfavourable answer, in the words of whoever must give them.

A creditor who denies credit states the specific principal reasons (12 CFR 1002.9(b)(2)); the official interpretation
finds more than four not likely to be helpful. The reasons are the features that moved this answer most to the
unfavourable side; which side that is must be said, because no data set knows it.
"""

from collections.abc import Collection, Mapping

from evaluations.metrics.explain_output import Target
from evaluations.metrics.values import Column, Measured, Table

MOST_REASONS = 4
SIDES = ("high", "low")
UNSAID = (
    "No reasons are given, because nobody said which side of the output is unfavourable. Ask again with the setting "
    "unfavourable: high or low."
)


def reasons(
    parts: Mapping[str, float],
    values: Mapping[str, str],
    unfavourable: str | None,
    wording: Mapping[str, str],
    label: str | None,
    target: Target,
    sensitive: Collection[str] = (),
) -> Measured:
    """The features that pushed to the unfavourable side, those that pushed most first."""
    if unfavourable is None:
        return Measured({}, {}, notes=[UNSAID])
    sign = 1 if unfavourable == "high" else -1
    pushing = sorted(
        (name for name in parts if sign * parts[name] > 0), key=lambda name: (-sign * parts[name], name)
    )
    rows = [
        (str(place), name, wording.get(name) or f"{name}: {values[name]}", sign * parts[name])
        for place, name in enumerate(pushing[:MOST_REASONS], start=1)
    ]
    notes = [] if rows else ["Nothing about this record pushed its answer to the unfavourable side."]
    if label is not None and target.positive is not None and len(target.labels) == 2:
        is_high = label == target.labels[target.positive]
        if is_high != (unfavourable == "high"):
            notes.append(
                "The decision on this record is favourable; the reasons say what speaks against it most."
            )
    unworded = [name for name in pushing[:MOST_REASONS] if not wording.get(name)]
    if unworded:
        notes.append(
            f"No wording was given for {', '.join(unworded)}; write one before a reason goes to anybody."
        )
    unlawful = [name for name in pushing[:MOST_REASONS] if name in sensitive]
    if unlawful:
        notes.append(
            f"Sensitive, and among the reasons: {', '.join(unlawful)}. Ask compliance before it is used."
        )
    table = Table(
        "reasons",
        "Reasons for an unfavourable answer",
        f"At most {MOST_REASONS}, the strongest first. Unfavourable is a {unfavourable} output.",
        (Column("No."), Column("Feature"), Column("Reason"), Column("Push", "number")),
        rows,
    )
    convention = (
        f"The features with the largest contributions to the unfavourable ({unfavourable}) side, compared with the "
        f"average record, at most {MOST_REASONS} (12 CFR 1002.9(b)(2) and its official interpretation). "
        "Wording as given in the settings."
    )
    return Measured({}, {"reasons": convention}, tables=[table] if rows else [], notes=notes)
