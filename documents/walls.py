"""What a process that reads a stranger's file may still do: read the program's own files, and think. Nothing else.

Two mechanisms of Linux, each asked for as far as the kernel has it: Landlock (which files can be opened) and seccomp
(which calls can be made). Neither needs privileges, neither can be taken back, both hold for root. Elsewhere, and on
kernels without them, `documents.worker`'s limits and the separate process remain. What is refused fails with an error;
a reader never needs it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _BY_FILTER = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
)
"""What an interpreter, its native libraries and their fonts read."""

_DENIED = (
    "socket connect bind listen accept accept4 fork vfork kill tkill "
    "rt_sigqueueinfo pidfd_send_signal pidfd_open pidfd_getfd ptrace process_vm_readv process_vm_writev kcmp "
    "unshare setns mount umount2 pivot_root chroot reboot swapon init_module finit_module delete_module "
    "add_key request_key keyctl bpf perf_event_open userfaultfd io_uring_setup open_by_handle_at shmget shmat "
    "msgget semget mq_open setrlimit truncate creat rename renameat renameat2 link linkat symlink symlinkat "
    "unlink unlinkat mkdir mkdirat rmdir mknod mknodat chmod fchmod fchmodat chown fchown lchown fchownat "
    "utime utimes futimesat utimensat setxattr lsetxattr fsetxattr"
).split()
"""Calls that reach the network, other processes, the kernel, or change a file system.

A pair of sockets that is connected to nobody else is no way out, and event loops need one.
"""
_STARTING = ("execve", "execveat")
_UNSEEN = ("clone3", "openat2")
"""Their arguments cannot be looked at; libraries fall back to the older calls when told that there is no such call."""

_X86_64: Mapping[str, int] = {
    "open": 2, "shmget": 29, "shmat": 30, "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46,
    "bind": 49, "listen": 50, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
    "semget": 64, "msgget": 68, "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101,
    "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133, "pivot_root": 155, "setrlimit": 160, "chroot": 161,
    "mount": 165, "umount2": 166, "swapon": 167, "reboot": 169, "init_module": 175, "delete_module": 176,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "tkill": 200, "utimes": 235, "mq_open": 240, "add_key": 248,
    "request_key": 249, "keyctl": 250, "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260,
    "futimesat": 261, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268,
    "unshare": 272, "utimensat": 280, "accept4": 288, "perf_event_open": 298, "prlimit64": 302,
    "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
    "kcmp": 312, "finit_module": 313, "renameat2": 316, "bpf": 321, "execveat": 322, "userfaultfd": 323,
    "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437,
    "pidfd_getfd": 438,
}  # fmt: skip
_AARCH64: Mapping[str, int] = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36,
    "linkat": 37, "renameat": 38, "umount2": 39, "mount": 40, "pivot_root": 41, "truncate": 45, "chroot": 51,
    "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "openat": 56, "utimensat": 88, "unshare": 97,
    "init_module": 105, "delete_module": 106, "ptrace": 117, "kill": 129, "tkill": 130, "rt_sigqueueinfo": 138,
    "reboot": 142, "setrlimit": 164, "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194, "shmat": 196,
    "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206,
    "sendmsg": 211, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220, "execve": 221, "swapon": 224,
    "perf_event_open": 241, "accept4": 242, "prlimit64": 261, "open_by_handle_at": 265, "setns": 268,
    "sendmmsg": 269, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273,
    "renameat2": 276, "bpf": 280, "execveat": 281, "userfaultfd": 282, "pidfd_send_signal": 424,
    "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_OTHER_TABLE = 0x40000000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_THREAD = 0x00010000

Instruction = tuple[int, int, int, int]
_STEP_BYTES = 8


def raise_walls(program: str = "") -> tuple[str, ...]:
    """Shut this process in; the names of the mechanisms that the kernel has. Called once, before the file is touched.

    ``program`` is the one program that this process may become, by its path; without one, it may become none. Quick
    where a process before the fork has called `draw_walls`.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return ()
    library = _library()
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return ()
    raised = []
    if _restrict_files(library, program):
        raised.append("landlock")
    if _install(library, _filter(machine[0], starts=bool(program))):
        raised.append("seccomp")
    return tuple(raised)


def draw_walls() -> None:
    """Find out what all children of this process will be told, once for all: what they may read and call."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform == "linux" and machine is not None:
        _library()
        _readable()
        _filter(machine[0], starts=False)


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _restrict_files(library: ctypes.CDLL, program: str) -> bool:
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    handled = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    asked = struct.pack("<QQ", handled, 3) if version >= 4 else struct.pack("<Q", handled)
    rules = library.syscall(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), 0)
    if rules < 0:
        return False
    try:
        for path, rights in _readable():
            _allow(library, rules, path, rights)
        for path in (program, *_loaders()) if program else ():
            _allow(library, rules, path, _READ_FILE | _EXECUTE)
        return bool(library.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


@cache
def _readable() -> tuple[tuple[str, int], ...]:
    """What may be read, with its rights; a file cannot be listed, and what is not there needs no permission."""
    found = (path for path in dict.fromkeys(_places()) if os.access(path, os.F_OK))
    return tuple((path, _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0)) for path in found)


def _places() -> Iterator[str]:
    """The interpreter, its packages, and the rooms of the program; not the folder they stand in, where data may be."""
    yield from _SYSTEM
    yield from {sys.prefix, sys.base_prefix, sys.exec_prefix}
    yield from (path for path in sys.path if path and Path(path).resolve() != _ROOT)
    yield from (os.fspath(init.parent) for init in _ROOT.glob("*/__init__.py"))


def _loaders() -> Iterator[str]:
    """The dynamic loaders, which the kernel starts a program with."""
    for folder in (Path("/lib64"), Path("/lib")):
        yield from (os.fspath(found.resolve()) for found in folder.glob("ld-linux*.so*"))


def _allow(library: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """What is gone, or nobody's to see, needs no permission."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            library.syscall(_ADD_RULE, rules, 1, struct.pack("<Qi", rights, place), 0)
        finally:
            os.close(place)


@cache
def _filter(machine: int, *, starts: bool) -> bytes:
    """The program that looks at each call, as the kernel takes it."""
    numbers = next(calls for number, calls in _MACHINES.values() if number == machine)
    denied = [*_DENIED, *(() if starts else _STARTING)]
    program = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_failing((_AT_LEAST, 0, 1, _OTHER_TABLE), errno.EPERM),
    ]
    for name in denied:
        if name in numbers:
            program += _failing((_EQUAL, 0, 1, numbers[name]), errno.EPERM)
    for name in _UNSEEN:
        program += _failing((_EQUAL, 0, 1, numbers[name]), errno.ENOSYS)
    program += _unless_zero(numbers["openat"], 2, _WRITES)
    if "open" in numbers:
        program += _unless_zero(numbers["open"], 1, _WRITES)
    program += _unless_zero(numbers["prlimit64"], 2, 0xFFFFFFFF)
    program += _unless_set(numbers["clone"], 0, _THREAD)
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _failing(condition: Instruction, code: int) -> list[Instruction]:
    """The call fails with that error where the condition holds; it skips one instruction where it does not."""
    return [condition, (_RETURN, 0, 0, _FAIL | code)]


def _unless_zero(number: int, argument: int, mask: int) -> list[Instruction]:
    """The call fails where any bit of the mask is set in its argument."""
    return [
        (_EQUAL, 0, 5, number),
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        (_AND, 0, 0, mask),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _unless_set(number: int, argument: int, mask: int) -> list[Instruction]:
    """The call fails where the bit of the mask is not set in its argument."""
    return [
        (_EQUAL, 0, 5, number),
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        (_AND, 0, 0, mask),
        (_EQUAL, 0, 1, mask),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
    ]


def _install(library: ctypes.CDLL, program: bytes) -> bool:
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // _STEP_BYTES, ctypes.addressof(code))
    return bool(library.prctl(_SET_SECCOMP, _BY_FILTER, described, 0, 0) == 0)
