"""Where the log is forwarded to: the operator's address, read and judged. Settings are made of it: no Django here."""

from dataclasses import dataclass
from typing import Literal

from registry.addresses import BadAddress, Place, origin_of, place_of, split

SYSLOG_PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514}
"""By RFC 5426, RFC 6587 and RFC 5425."""
LIKE = "file:///var/log/countersign.jsonl, syslog+tls://siem.example:6514 or https://siem.example/collector"

Format = Literal["json", "cef"]


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector of logs. `private` lets it be in the private network, or plain http."""

    place: Place
    format: Format = "json"
    private: bool = False
    authorization: str = ""
    ca_file: str = ""
    from_now: bool = False

    @property
    def name(self) -> str:
        """What people and the database call it: the address without its query, which may hold a token."""
        if self.place.scheme == "file":
            return f"file://{self.place.target}"
        path = self.place.target.partition("?")[0] if self.place.scheme.startswith("http") else ""
        return f"{self.place.origin}{path}"


def collector_of(
    url: str,
    *,
    format: Format = "json",
    private: bool = False,
    authorization: str = "",
    ca_file: str = "",
    from_now: bool = False,
) -> Collector | None:
    """The collector at this address; None where there is no address. Raises BadAddress."""
    if not url:
        return None
    return Collector(_place(url, private), format, private, authorization, ca_file, from_now)


def _place(url: str, private: bool) -> Place:
    parts, port = split(url, f"{url[:80]} is no address. Write it like {LIKE}.")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or parts.path.endswith("/") or parts.query:
            raise BadAddress(f"{url[:80]} names no file. Write it like file:///var/log/countersign.jsonl.")
        return Place("file", "", 0, parts.path)
    if parts.scheme in SYSLOG_PORTS:
        if (
            not parts.hostname
            or "@" in parts.netloc
            or parts.path.strip("/")
            or parts.query
            or parts.fragment
        ):
            raise BadAddress(
                f"{url[:80]} is more or less than a host. Write it like syslog+tls://siem.example:6514."
            )
        return Place(parts.scheme, parts.hostname, port or SYSLOG_PORTS[parts.scheme], "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress(f"{url[:80]} is no address of a collector. Write it like {LIKE}.")
    own = {origin_of(parts.scheme, parts.hostname, port or 80)} if private else set()
    return place_of(url, own)
