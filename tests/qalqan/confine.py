"""Runs a command under what a unit's lines ask for, as far as that can be had without systemd in charge.

Called as `unshare --mount python -m tests.qalqan.confine UNIT COMMAND...`: everything but the data folder and /tmp's
own is read-only, no capability and no way to any, and of system calls and address families only the unit's.
"""

import ctypes
import errno
import os
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000
_EQUAL = 4
_UNKNOWN = -1
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAPBSET_DROP = 24
_LAST_CAPABILITY = 40
_READ_ONLY, _REMOUNT, _BIND = 1, 32, 4096  # of mount(2)
_OWN_TEMPORARY = "/var/tmp"  # noqa: S108  # a file system of its own is mounted there
_WRITABLE = ("/proc", "/sys", "/dev", _OWN_TEMPORARY)
_NAME_SPACES = {"unshare", "setns"}


class _Compared(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def calls_of(unit: str) -> set[str]:
    """The system calls that the unit's SystemCallFilter lines leave."""
    left: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        named = {call for word in line.lstrip("~").split() for call in _members(word)}
        left = left - named if line.startswith("~") else left | named
    return left | _members("@default")


def _members(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    shown = subprocess.run(
        ["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True
    ).stdout
    words = [line.strip() for line in shown.splitlines()[1:]]
    return {m for w in words if w and not w.startswith("#") for m in _members(w)}


def _checked(done: int, what: str) -> None:
    if done:
        raise OSError(ctypes.get_errno(), what)


def _read_only_but_for(libc: ctypes.CDLL, folder: str) -> None:
    def mount(what: str, where: str, kind: str | None, flags: int) -> None:
        done = libc.mount(what.encode(), where.encode(), kind and kind.encode(), flags, None)
        _checked(done, f"mount {where}")

    mount(folder, folder, None, _BIND)
    mount("none", _OWN_TEMPORARY, "tmpfs", 0)
    mounted = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    for where in [line.split()[4] for line in mounted]:
        if not where.startswith((*_WRITABLE, folder)):
            mount("none", where, None, _REMOUNT | _BIND | _READ_ONLY)


def _filter(unit: str) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_REFUSE | errno.EPERM))
    left = calls_of(unit) - {"socket", "clone3"}
    if "RestrictNamespaces=true" in unit:
        left -= _NAME_SPACES
    for name in sorted(left):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != _UNKNOWN:
            library.seccomp_rule_add(context, _ALLOW, number, 0)
    # what systemd answers where name spaces are restricted, since a filter cannot see clone3's flags
    clone3 = library.seccomp_syscall_resolve_name(b"clone3")
    library.seccomp_rule_add(context, _REFUSE | errno.ENOSYS, clone3, 0)
    (families,) = re.findall(r"^RestrictAddressFamilies=(.*)$", unit, re.MULTILINE)
    for family in families.split():
        one = _Compared(0, _EQUAL, getattr(socket, family).value, 0)
        number = library.seccomp_syscall_resolve_name(b"socket")
        library.seccomp_rule_add_array(context, _ALLOW, number, 1, ctypes.byref(one))
    _checked(library.seccomp_load(context), "seccomp")


def main(unit_path: str, data: str, *command: str) -> None:
    """The command runs in this process's place."""
    unit = Path(unit_path).read_text(encoding="utf-8")
    libc = ctypes.CDLL(None, use_errno=True)
    _read_only_but_for(libc, data)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _filter(unit)
    os.execv(command[0], command)  # noqa: S606  # the command is a test's own


if __name__ == "__main__":
    main(*sys.argv[1:])
