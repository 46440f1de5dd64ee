"""What a run tells while it works: its steps with their times, and what the model and its libraries wrote."""

import re
from datetime import datetime

LONGEST = 65_536
"""Characters that are kept; the last ones tell why something ended."""
CUT = "… the beginning was cut\n"
PATH = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"<>:]+/)+([^\s/'\"<>:]*)")
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class RunLog:
    """The log of one run as a worker keeps it. What other attempts left stays above."""

    def __init__(self, before: str, attempt: int, at: datetime) -> None:
        self._text = before
        self._step = ""
        self._unfinished = b""
        if attempt > 1 and before:
            self._add(f"{_clock(at)}  Attempt {attempt}: the one before did not end.")

    def step(self, step: str, at: datetime) -> None:
        """A step has begun; the same one again is no news."""
        if step != self._step:
            self._step = step
            self._add(f"{_clock(at)}  {clean(step)}")

    def said(self, output: bytes) -> None:
        """Add what the child wrote. Half a line waits for its other half."""
        *lines, self._unfinished = (self._unfinished + output).split(b"\n")
        if len(self._unfinished) > LONGEST:
            lines, self._unfinished = [*lines, self._unfinished], b""
        for line in lines:
            self._add("  " + clean(line.decode(errors="replace")))

    @property
    def text(self) -> str:
        """All of it, at most LONGEST characters."""
        rest = clean(self._unfinished.decode(errors="replace"))
        return shortened(f"{self._text}  {rest}\n" if rest else self._text)

    def _add(self, line: str) -> None:
        self._text = shortened(f"{self._text}{line}\n")


def clean(line: str) -> str:
    """One line without folders of this machine, colours and characters that a page or a database cannot hold."""
    line = ESCAPES.sub("", line).rpartition("\r")[2] if "\r" in line.rstrip("\r") else ESCAPES.sub("", line)
    return PATH.sub(r"\1", CONTROL.sub("", line)).rstrip()


def shortened(text: str) -> str:
    """The end of a text that is too long, from the beginning of a line."""
    if len(text) <= LONGEST:
        return text
    kept = text[len(CUT) - LONGEST :]
    return CUT + kept.partition("\n")[2] if "\n" in kept[:-1] else CUT + kept


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S")
