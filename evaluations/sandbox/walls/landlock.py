"""Landlock: which files this process may open, for good (Linux 5.13 and later; include/uapi/linux/landlock.h)."""

import ctypes
import os
import stat
from collections.abc import Iterable

from evaluations.sandbox.walls.kernel import WallMissing, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same number on every architecture
ASK_VERSION = 1
RULE_PATH_BENEATH = 1
READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
READ = READ_FILE | READ_DIR
OWN = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM
ONLY_FILES = READ_FILE | WRITE_FILE | TRUNCATE
HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK_SINCE, NETWORK = 4, 0b11  # bind and connect of TCP
SCOPES_SINCE, SCOPES = 6, 0b11  # abstract Unix sockets and signals
DEVICES = {"/dev/null": READ_FILE | WRITE_FILE, "/dev/zero": READ_FILE, "/dev/urandom": READ_FILE}
MACHINE = ("/proc/cpuinfo", "/proc/meminfo")


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("place", ctypes.c_int32)]


def version() -> int:
    """The kernel's Landlock ABI; raises WallMissing where there is none."""
    try:
        return syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    except OSError as error:
        raise WallMissing(f"This kernel offers no Landlock ({error.strerror}).") from error


def restrict(readable: Iterable[str], writable: str) -> int:
    """From now on only these may be read, and only the folder `writable` written. Nothing may be executed. The ABI."""
    abi = version()
    handled = HANDLED[min(abi, max(HANDLED))]
    attributes = _Ruleset(
        handled, NETWORK if abi >= NETWORK_SINCE else 0, SCOPES if abi >= SCOPES_SINCE else 0
    )
    size = 8 if abi < NETWORK_SINCE else 16 if abi < SCOPES_SINCE else 24
    rules = syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for place in (*readable, *MACHINE):
            _allow(rules, place, READ & handled)
        for place, rights in DEVICES.items():
            _allow(rules, place, rights & handled)
        _allow(rules, writable, OWN & handled)
        # Of /proc only what is about this process. The handle stays open: it keeps the kernel from forgetting the rule.
        _allow(rules, f"/proc/{os.getpid()}", READ & handled, keep=True)
        syscall(RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)
    return abi


def _allow(rules: int, place: str, rights: int, *, keep: bool = False) -> None:
    try:
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there cannot be read either
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= ONLY_FILES
        rule = _Beneath(rights, handle)
        syscall(
            ADD_RULE,
            ctypes.c_int(rules),
            ctypes.c_int(RULE_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        if not keep:
            os.close(handle)
