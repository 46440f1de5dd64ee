"""Scans an artifact's files without loading any of them. Standard library only, so that every environment has it.

A scan is evidence, never permission: that it found nothing does not make a pickle safe. It follows pickles
instruction by instruction, looks into archives, and says of every file what it is and whether all of it was
understood. Made for hostile files: it runs in the sandbox's child, unpacks in memory only, and has an end.
"""

import mmap
import os
import stat
from pathlib import Path

from evaluations.sandbox.scan.declared import LARGEST, scan_declared
from evaluations.sandbox.scan.files import look_at
from evaluations.sandbox.scan.finding import LARGEST_FILE, MOST_FILES, Finding, Level, Looked, Report
from evaluations.sandbox.scan.requirements import scan_requirements

__all__ = ["Finding", "Level", "Looked", "Report", "examine", "scan"]


def scan(folder: Path) -> list[Finding]:
    """What is dangerous, worth a look, or not understood among the files of an artifact (a folder or one file)."""
    return examine(folder).findings


def examine(folder: Path) -> Report:
    """The same with every file that was looked at."""
    report = Report()
    if not folder.is_dir():
        _file(folder, folder.name, report)
        return report
    count = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names + [inner for inner in folders if (Path(place) / inner).is_symlink()]):
            count += 1
            if count > MOST_FILES:
                report.unread("", f"there are more than {MOST_FILES:,} files")
                return report
            path = Path(place) / name
            _file(path, path.relative_to(folder).as_posix(), report)
    if not report.files:
        report.unread("", "the artifact holds no file")
    _read_descriptions(folder, report)
    return report


def _read_descriptions(folder: Path, report: Report) -> None:
    """What the artifact says about itself: its MLmodel, and what it needs."""
    formats = {looked.file: looked.format for looked in report.files}
    for name, format in formats.items():
        if format != "text" or "!" in name:
            continue
        if name.rpartition("/")[2] == "MLmodel":
            scan_declared(_text_of(folder / name), name, formats, report)
        report.requirements += scan_requirements(_text_of(folder / name), name, report)


def _text_of(path: Path) -> str:
    """The first megabyte of a file that was looked at before and is plain text."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _file(path: Path, name: str, report: Report) -> None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        if path.is_symlink():
            report.add("link", "danger", name, "It is a symbolic link, which can lead anywhere.")
        else:
            report.unread(name, "it cannot be opened")
        return
    with os.fdopen(handle, "rb") as file:
        kept = os.fstat(handle)
        if not stat.S_ISREG(kept.st_mode):
            report.add("link", "danger", name, "It is no plain file.")
        elif kept.st_size > LARGEST_FILE:
            report.unread(name, f"it is larger than {LARGEST_FILE >> 20:,} MB")
        elif kept.st_size == 0:
            look_at(b"", name, report)
        else:
            _mapped(file.fileno(), name, report)


def _mapped(handle: int, name: str, report: Report) -> None:
    try:
        data = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    except OSError:
        report.unread(name, "there is too little memory for it")
        return
    try:
        look_at(data, name, report)
    finally:
        try:
            data.close()
        except BufferError:  # something of it is still held; it goes with the last reference
            del data
