"""The resolver's words about what cannot be installed, as a reason for people: which requirement, why, what to do."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CREDENTIALS = re.compile(r"(?<=//)[^/\s@]+@")
NAMED = r"`?([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?((?:[<>=!~]=?=?[^\s,`]+,?)*)`?"
UNKNOWN = re.compile(NAMED + r" was not found in the package registry")
NO_WHEEL = re.compile(NAMED + r" (?:has|have) no (?:usable )?wheels")
NO_VERSION = re.compile(r"there (?:is|are) no versions? of " + NAMED)
ONLY = re.compile(r"only (?:the following versions of )?" + NAMED + r"(?: is| are)? ?available", re.S)
NETWORK = (
    "failed to fetch",
    "request failed",
    "error sending request",
    "dns error",
    "timed out",
    "could not connect",
)
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence or two, the stated requirement that it is about ("" where it is about none), whether trying again
    may help."""

    said: str
    requirement: str = ""
    passing: bool = False


def without_credentials(line: str) -> str:
    """An index's address may hold a password."""
    return CREDENTIALS.sub("", line)


def addressed(requirements: Iterable[str]) -> Reason | None:
    """A requirement that names an address: whose code that is, no registry says."""
    for line in requirements:
        if Requirement(line).url:
            return Reason(
                f"The requirement {line} names an address. Only packages of the configured registry are installed. "
                "Publish it there, and state its name and version.",
                line,
            )
    return None


def reason_of(output: str, requirements: Iterable[str], *, where: str) -> Reason:
    """What the resolver's output says; `where` is the Python and the platform."""
    said = " ".join(without_credentials(output).split())
    stated = list(requirements)
    if any(sign in said.lower() for sign in NETWORK):
        return Reason(
            "The package registry does not answer. When it does, build the environment again. The worker's log says "
            "which address was asked.",
            passing=True,
        )
    for pattern, why, remedy in (
        (UNKNOWN, "the registry has no package {name}", "Correct its name, or add it to the registry."),
        (
            NO_WHEEL,
            "{name}{version} has no wheel for {where}, and source code is not built here",
            "State a version that has one.",
        ),
        (NO_VERSION, "the registry has no {name}{version}", "State a version that it has."),
        (ONLY, "the registry has no such version of {name}", "State a version that it has."),
    ):
        if found := pattern.search(said):
            name, version = found[1], found[2].rstrip(",")
            asked = _stated(stated, name) or _first_named(stated, said)
            because = why.format(name=name, version=version, where=where)
            return Reason(f"{_about(asked)}: {because}. {remedy}", asked)
    because = said.partition("Because ")[2]
    if because:
        asked = _first_named(stated, because)
        sentence = because.partition(", we can conclude")[0].rstrip(".")
        return Reason(
            f"{_about(asked)}: {sentence[:LONGEST]}. State versions that go together.",
            asked,
        )
    last = [line.strip() for line in without_credentials(output).splitlines() if line.strip()]
    return Reason(f"The environment cannot be built: {(last[-1] if last else 'nothing was said')[:LONGEST]}.")


def _about(asked: str) -> str:
    return f"The requirement {asked} cannot be met" if asked else "The requirements cannot be met"


def _stated(stated: Iterable[str], name: str) -> str:
    wanted = canonicalize_name(name)
    return next((line for line in stated if canonicalize_name(Requirement(line).name) == wanted), "")


def _first_named(stated: Iterable[str], said: str) -> str:
    for line in stated:
        if re.search(rf"(?<![\w.-]){re.escape(Requirement(line).name)}(?![\w-])", said, re.I):
            return line
    return ""
