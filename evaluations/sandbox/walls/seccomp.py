"""seccomp: which system calls this process may make, for good; a filter in classic BPF, written by hand.

What a model needs is computing, threads, memory and files (which Landlock or bubblewrap guard). Everything that
reaches another process, the network, the kernel's inside or memory that no limit counts is refused with EPERM, and
calls that are newer than this list with ENOSYS. Neither a process nor a program can be started.
"""

import ctypes
import os
import struct

from evaluations.sandbox.walls.kernel import PR_SET_PDEATHSIG, WallMissing, machine, syscall
from evaluations.sandbox.walls.numbers import AUDIT_ARCH, DENIED, NEWEST, NUMBERS, SECCOMP

LOAD, JUMP_EQUAL, JUMP_ABOVE, AND, RETURN = 0x20, 0x15, 0x25, 0x54, 0x06
JUMP_ANY_BIT = 0x45
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
EPERM, ENOSYS = 1, 38
AT_NUMBER, AT_ARCH, AT_ARGUMENTS = 0, 4, 16
SET_MODE_FILTER = 1
CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020000
O_ACCMODE, O_TRUNC = 0o3, 0o1000
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15
TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP = 0x5412, 0x541C, 0x8901, 0x8902
Program = list[tuple[int, int, int, int]]


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]


def restrict() -> None:
    """Put the filter on this process and its threads; needs no_new_privs. Raises WallMissing."""
    here = machine()
    if here not in NUMBERS:
        raise WallMissing(f"There is no filter of system calls for {here}.")
    program = filter_of(here, os.getpid())
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    kept = ctypes.create_string_buffer(code, len(code))
    given = _Filter(len(program), ctypes.cast(kept, ctypes.c_void_p))
    try:
        syscall(SECCOMP[here], ctypes.c_uint(SET_MODE_FILTER), ctypes.c_uint(0), ctypes.byref(given))
    except OSError as error:
        raise WallMissing(f"This kernel takes no filter of system calls ({error.strerror}).") from error


def filter_of(here: str, own_pid: int) -> Program:
    """The program for a machine (x86_64 or aarch64) and the process that it is for."""
    numbers = NUMBERS[here]
    program: Program = [
        (LOAD, 0, 0, AT_ARCH),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[here]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, AT_NUMBER),
        (JUMP_ABOVE, 0, 1, NEWEST),  # x32's numbers, too
        _refuse(ENOSYS),
    ]
    for name, error in DENIED.items():
        if name in numbers:
            program += [(JUMP_EQUAL, 0, 1, numbers[name]), _refuse(error)]
    for name, body in _rules(own_pid).items():
        if name in numbers:
            program += [(JUMP_EQUAL, 0, len(body), numbers[name]), *body]
    return [*program, (RETURN, 0, 0, ALLOW)]


def _rules(own_pid: int) -> dict[str, Program]:
    """What depends on an argument. Only the low half is compared: the kernel takes no more of these."""
    truncating = [
        O_TRUNC,
        O_TRUNC | O_ACCMODE,
    ]  # by a handle that only reads, which Landlock 1 and 2 let pass
    return {
        "clone": [
            (LOAD, 0, 0, AT_ARGUMENTS),
            (JUMP_ANY_BIT, 0, 2, CLONE_THREAD),
            (JUMP_ANY_BIT, 1, 0, CLONE_NAMESPACES),
            (RETURN, 0, 0, ALLOW),
            _refuse(EPERM),
        ],
        "kill": _only(0, [own_pid]),
        "tgkill": _only(0, [own_pid]),
        "rt_sigqueueinfo": _only(0, [own_pid]),
        "rt_tgsigqueueinfo": _only(0, [own_pid]),
        "prlimit64": _only(0, [0, own_pid]),
        "sched_setaffinity": _only(0, [0, own_pid]),
        "prctl": _never(0, [PR_SET_PDEATHSIG]),
        "fcntl": _never(1, [F_SETOWN, F_SETSIG, F_SETOWN_EX]),
        "ioctl": _never(1, [TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP]),
        "open": _never(1, truncating, mask=O_TRUNC | O_ACCMODE),
        "openat": _never(2, truncating, mask=O_TRUNC | O_ACCMODE),
    }


def _only(argument: int, values: list[int]) -> Program:
    """Allowed for these values of an argument (counted from 0)."""
    return [*_matching(argument, values), _refuse(EPERM), (RETURN, 0, 0, ALLOW)]


def _never(argument: int, values: list[int], mask: int | None = None) -> Program:
    """Refused for these values of an argument."""
    return [*_matching(argument, values, mask), (RETURN, 0, 0, ALLOW), _refuse(EPERM)]


def _matching(argument: int, values: list[int], mask: int | None = None) -> Program:
    """Jumps over the next line when the argument is one of the values."""
    masked: Program = [] if mask is None else [(AND, 0, 0, mask)]
    jumps = [(JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [(LOAD, 0, 0, AT_ARGUMENTS + 8 * argument), *masked, *jumps]


def _refuse(error: int) -> tuple[int, int, int, int]:
    return (RETURN, 0, 0, REFUSE | error)
