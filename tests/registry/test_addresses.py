"""Addresses that Countersign may be sent to, and those where it does not go."""

import pytest

from registry.addresses import BadAddress, Place, origins, place_of, resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_no_way_leads_to_a_private_or_translated_address(address: str) -> None:
    with pytest.raises(BadAddress, match="where Countersign does not go"):
        resolve(Place("https", address, 443, "/"))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_pass(address: str) -> None:
    assert resolve(Place("https", address, 443, "/")) == (address,)


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f.0.0.1", "localhost"])
def test_other_writings_of_this_machine_are_seen_through(written: str) -> None:
    with pytest.raises(BadAddress):
        resolve(Place("https", written, 443, "/"))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fc00::1"])
def test_a_listed_origin_may_be_private(address: str) -> None:
    assert resolve(Place("https", address, 443, "/"), private=True) == (address,)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "224.0.0.1", "0.0.0.0", "64:ff9b::a9fe:a9fe", "::ffff:10.0.0.1"]
)
def test_even_a_listed_origin_never_leads_to_metadata_or_through_a_translation(address: str) -> None:
    with pytest.raises(BadAddress):
        resolve(Place("https", address, 443, "/"), private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://scoring.example.org/",
        "ftp://scoring.example.org/",
        "file:///etc/passwd",
        "https://user:word@scoring.example.org/",
        "https://scoring.example.org/#part",
        "https://scoring.example.org/ two",
        "https://scoring.example.org:99999/",
        "https:///score",
        "https://scoring.example.org/\r\nX-Other: 1",
        "https://" + "a" * 300,
        "",
    ],
)
def test_what_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        place_of(url, ())


def test_http_only_for_an_origin_that_is_listed() -> None:
    allowed = origins(["http://scoring.internal:80", "https://other.internal:8443"])
    assert allowed == {"http://scoring.internal", "https://other.internal:8443"}
    place = place_of("http://scoring.internal/score?v=2", allowed)
    assert (place.origin, place.target) == ("http://scoring.internal", "/score?v=2")
    with pytest.raises(BadAddress):
        place_of("http://scoring.internal:8080/score", allowed)


def test_a_name_that_is_none_is_said() -> None:
    with pytest.raises(BadAddress, match="cannot be resolved"):
        resolve(Place("https", "no-such-host.invalid", 443, "/"))
