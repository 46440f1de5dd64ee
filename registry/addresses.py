"""Addresses on the network that Countersign may be sent to: named by people, resolved once, judged, and pinned.

Somebody who may name an address could name one that only this machine can reach: its own services, a neighbour in the
private network, the metadata service of a cloud. So a name is resolved once, every address that comes back is judged,
and the connection goes to a judged address; asking the name again at connecting could answer another one.
Standard library only: child processes use it too.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 300
PORTS = {"https": 443, "http": 80}
PLAIN = re.compile(r"[\x21-\x7e]+")
TRANSLATED = tuple(
    ipaddress.ip_network(block)
    for block in (
        "::ffff:0:0/96",  # IPv4-mapped (RFC 4291)
        "::/96",  # IPv4-compatible (RFC 4291)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64, local use (RFC 8215)
        "2002::/16",  # 6to4 (RFC 3056)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "2001::/32",  # Teredo (RFC 4380)
    )
)
"""Ranges that a router may translate into another address. `ipaddress.is_global` says yes to some of them."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(Exception):
    """The address may not be used. The text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A web address in its parts; `target` is the path with its query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.scheme, self.host, self.port)


def place_of(url: str, allowed: Collection[str]) -> Place:
    """The parts of a web address: https, or http where its origin is in `allowed`. Raises BadAddress."""
    parts, port = split(url, f"{url[:80]} is no web address.")
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadAddress(f"{url[:80]} is no web address. Write it like https://scoring.example.org/score.")
    if "@" in parts.netloc:
        raise BadAddress("The address holds a user name or a password, which would be shown to people.")
    if parts.fragment:
        raise BadAddress("The address goes on after a #. Leave that out.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], target)
    if place.scheme != "https" and place.origin not in allowed:
        raise BadAddress("The address must begin with https://.")
    return place


def split(url: str, otherwise: str) -> tuple[SplitResult, int | None]:
    """The parts of an address and the port that it names. Raises BadAddress, with this sentence where it has none."""
    if not PLAIN.fullmatch(url) or len(url) > LONGEST_URL:
        raise BadAddress(f"An address has up to {LONGEST_URL} plain characters and no spaces.")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise BadAddress(otherwise) from error


def origin_of(scheme: str, host: str, port: int) -> str:
    """Scheme and host, and the port where it is not the usual one."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if PORTS.get(scheme) == port else f"{scheme}://{name}:{port}"


def origins(given: Collection[str]) -> frozenset[str]:
    """The origins that an administrator listed, each written the one way. Raises BadAddress for what is none."""
    found = set()
    for text in given:
        parts = urlsplit(text)
        if parts.scheme not in PORTS or not parts.hostname:
            raise BadAddress(f"{text} is no origin. Write it like https://scoring.internal:8443.")
        found.add(origin_of(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]))
    return frozenset(found)


def resolve(place: Place, *, private: bool = False) -> tuple[str, ...]:
    """The addresses of the host, asked for once. Raises BadAddress when one of them may not be reached.

    `private` also lets loopback and private addresses pass: for origins that an administrator listed.
    """
    try:
        answers = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadAddress(f"The name {place.host} cannot be resolved.") from error
    found = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for text in found:
        if why := _refused(text, private=private):
            raise BadAddress(f"{place.host} is {text}, {why}, where Countersign does not go.")
    return found


def is_link_local(host: str) -> bool:
    """By any spelling that leads there: a name, a whole number, an address of IPv4 in IPv6's clothes."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):  # not known here now; asked again before each connection
        return False
    addresses = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    return any((getattr(one, "ipv4_mapped", None) or one).is_link_local for one in addresses)


def _refused(text: str, *, private: bool) -> str:
    """Why this address may not be reached; "" where it may."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:  # with a zone, as only local ones have
        return "a local address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_unspecified:
        return "no address of one machine"
    if address.is_loopback:
        return "" if private else "this machine itself"
    if any(address in block for block in TRANSLATED):
        return "an address that stands for another one"
    if address.is_private:
        return "" if private else "a private address"
    if address.is_reserved or not address.is_global or getattr(address, "is_site_local", False):
        return "a reserved address"
    return ""
