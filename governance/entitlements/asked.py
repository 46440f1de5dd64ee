"""What the address asks of the list."""

from dataclasses import dataclass

from django.http import QueryDict

from governance.entitlements.kinds import Entitlement, Flag, Kind


@dataclass(frozen=True)
class Filters:
    """Words, one kind, one flag; "flagged" asks for any flag."""

    q: str = ""
    kind: str = ""
    flag: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether it asks for anything."""
        return bool(self.q or self.kind or self.flag)


def filters_of(query: QueryDict) -> Filters:
    """The filters of an address; what it does not know asks for nothing."""
    kind, flag = query.get("kind", ""), query.get("flag", "")
    return Filters(
        query.get("q", "").strip()[:100],
        kind if kind in Kind.values else "",
        flag if flag in (*Flag.values, "flagged") else "",
    )


def narrowed(entries: list[Entitlement], filters: Filters) -> list[Entitlement]:
    """Those that match all that is asked."""
    words = filters.q.casefold()
    return [
        entry
        for entry in entries
        if (
            not words
            or words in f"{entry.holder} {entry.holder_name} {entry.what} {entry.given_by}".casefold()
        )
        and (not filters.kind or entry.kind == filters.kind)
        and (not filters.flag or (entry.flags if filters.flag == "flagged" else filters.flag in entry.flags))
    ]
