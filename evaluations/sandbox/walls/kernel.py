"""Calls to the Linux kernel that Python has no function for."""

import ctypes
import os
import platform
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION_3 = 0x20080522
HIGHEST_CAPABILITY = 63


class WallMissing(OSError):
    """The kernel does not offer a wall that was asked for. Nothing may be opened without it."""


def machine() -> str:
    """x86_64, aarch64 or what else this is."""
    return platform.machine() if sys.maxsize > 2**32 else "32 bit"


def syscall(number: int, *arguments: object) -> int:
    """One system call; raises OSError."""
    answer = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return answer


def prctl(option: int, value: int = 0) -> None:
    """prctl(2); raises OSError."""
    zero = ctypes.c_ulong(0)
    if _libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def die_with(parent: int) -> None:
    """Be killed when the worker ends, even if it was killed itself."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    if parent and os.getppid() != parent:
        raise WallMissing("The worker has ended already.")


def give_up_privileges() -> None:
    """No capability, now or after any exec, whoever the worker runs as."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if os.geteuid() == 0:
        for capability in range(HIGHEST_CAPABILITY + 1):
            try:
                prctl(PR_CAPBSET_DROP, capability)
            except OSError:  # this kernel knows no higher one, or it is dropped already
                break
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if machine() in CAPSET:
        syscall(CAPSET[machine()], ctypes.byref(header), ctypes.byref(nothing))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
