"""What each operation on the files that are named gives, as JSON: {file:
{operation: result, or the errno's name}}. Runs in a container, for
test_file_operations.py."""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import select
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
READ, WRITE, BOTH = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
MEGABYTE = 1 << 20


def raw(name, *args):
    result = getattr(libc, name)(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def poll(path):
    poller = select.poll()
    poller.register(os.open(path, READ), select.POLLIN | select.POLLOUT)
    return poller.poll(0)[0][1]


def lock(path):
    fd = os.open(path, BOTH)
    fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(fd, fcntl.LOCK_UN)


def copy_from(path):
    out = os.open("/tmp/out", os.O_CREAT | BOTH)
    return os.copy_file_range(os.open(path, READ), out, 4)


def copy_into(path):
    fd = os.open("/tmp/in", os.O_CREAT | BOTH)
    os.pwrite(fd, b"1\n", 0)
    return os.copy_file_range(fd, os.open(path, WRITE), 2)


def splice_from(path):
    out, into = os.pipe()
    taken = os.splice(os.open(path, READ), into, 2)
    return [taken, os.read(out, 9) == whole(path)[:2]]


def splice_into(path):
    out, into = os.pipe()
    os.write(into, b"1\n")
    return os.splice(out, os.open(path, WRITE), 2)


def send(path):
    out, into = os.pipe()
    return os.sendfile(into, os.open(path, READ), 0, 9)


def reopened(mode, flags=0):
    """By what /proc/self/fd leads to."""
    def reopen(path):
        fd = os.open(path, os.O_PATH)
        return os.close(os.open(f"/proc/self/fd/{fd}", mode | flags))
    return reopen


def read_without_waiting(path):
    return os.preadv(os.open(path, READ), [bytearray(9)], 0, os.RWF_NOWAIT)


def write_to_append(path):
    return os.pwritev(os.open(path, WRITE), [b"1\n"], 0, os.RWF_APPEND)


def statx(path):
    """What it tells of, what it knows of the file, and of the mount."""
    told = ctypes.create_string_buffer(256)
    raw("statx", -100, path.encode(), 0, 0xfff, told)
    mask, _, attributes = struct.unpack_from("IIQ", told)
    return [mask & 0x7ff, attributes & ~0x2000]


def handle(path):
    """Of what may be opened by it later."""
    known = struct.pack("Ii", 128, 0) + bytes(128)
    raw("name_to_handle_at", -100, path.encode(),
        ctypes.create_string_buffer(known), ctypes.byref(ctypes.c_int()), 0)


def whole(path):
    with open(path, "rb") as file:
        return file.read()


def bytewise(path):
    fd = os.open(path, READ)
    return b"".join(iter(lambda: os.read(fd, 1), b"")) == whole(path)


def beside(path, name="new"):
    return os.path.join(os.path.dirname(path), name)


def mapped(path, flags, prot, mode):
    mmap.mmap(os.open(path, mode), 1, flags=flags, prot=prot)


def write(data, offset=0):
    return lambda path: os.pwrite(os.open(path, WRITE), data, offset)


def opened(flags):
    return lambda path: os.close(os.open(path, flags))


def seek(offset, whence):
    return lambda path: os.lseek(os.open(path, READ), offset, whence)


def attribute(stat):
    return [oct(stat.st_mode), stat.st_uid, stat.st_gid, stat.st_nlink,
            stat.st_blocks, stat.st_rdev]


OPERATIONS = {
    "ioctl TCGETS": lambda p: fcntl.ioctl(os.open(p, READ), 0x5401, bytes(60)),
    "ioctl FS_IOC_GETFLAGS":
        lambda p: fcntl.ioctl(os.open(p, READ), 0x80086601, bytes(8)),
    "ioctl FS_IOC_SETFLAGS":
        lambda p: fcntl.ioctl(os.open(p, READ), 0x40086602, bytes(8)),
    "ioctl FIONREAD":
        lambda p: fcntl.ioctl(os.open(p, READ), 0x541b, bytes(4)),
    "ioctl of nobody's":
        lambda p: fcntl.ioctl(os.open(p, READ), 0xdead, bytes(8)),
    "poll": poll,
    "seek from start": seek(2, os.SEEK_SET),
    "seek on": seek(1, os.SEEK_CUR),
    "seek before start": seek(-1, os.SEEK_SET),
    "seek from end": seek(0, os.SEEK_END),
    "seek data": seek(0, os.SEEK_DATA),
    "seek hole": seek(0, os.SEEK_HOLE),
    "flock": lambda p: fcntl.flock(os.open(p, READ),
                                   fcntl.LOCK_EX | fcntl.LOCK_NB),
    "lockf": lock,
    "getxattr": lambda p: os.getxattr(p, "user.x"),
    "getxattr security": lambda p: os.getxattr(p, "security.capability"),
    "setxattr": lambda p: os.setxattr(p, "user.x", b"1"),
    "removexattr": lambda p: os.removexattr(p, "user.x"),
    "listxattr": os.listxattr,
    "fallocate": lambda p: raw("fallocate", os.open(p, BOTH), 0,
                               ctypes.c_long(0), ctypes.c_long(10)),
    "fsync": lambda p: os.fsync(os.open(p, READ)),
    "fdatasync": lambda p: os.fdatasync(os.open(p, READ)),
    "truncate": lambda p: os.truncate(p, 0),
    "truncate longer": lambda p: os.truncate(p, 10),
    "chmod": lambda p: os.chmod(p, 0o600),
    "chown": lambda p: os.chown(p, 0, 0),
    "chown other": lambda p: os.chown(p, 1, 1),
    "utime": lambda p: os.utime(p, (1, 1)),
    "unlink": os.unlink,
    "rename": lambda p: os.rename(p, p + "x"),
    "rename away": lambda p: os.rename(p, "/tmp/x"),
    "link": lambda p: os.link(p, p + "x"),
    "symlink": lambda p: os.symlink("x", beside(p)),
    "mkdir": lambda p: os.mkdir(beside(p)),
    "mkfifo": lambda p: os.mkfifo(beside(p)),
    "rmdir": lambda p: os.rmdir(os.path.dirname(p)),
    "create": lambda p: opened(os.O_CREAT | WRITE)(beside(p)),
    "create what is there": opened(os.O_CREAT | READ),
    "create exclusively": opened(os.O_CREAT | os.O_EXCL | WRITE),
    "open as directory": opened(os.O_DIRECTORY),
    "open to append": opened(WRITE | os.O_APPEND),
    "open path": opened(os.O_PATH),
    "open directly": opened(READ | os.O_DIRECT),
    "open to write directly": opened(WRITE | os.O_DIRECT),
    "open a temporary file": lambda p: opened(os.O_TMPFILE | BOTH)(
        os.path.dirname(p)),
    "reopen": reopened(READ),
    "reopen to write": reopened(BOTH),
    "reopen emptied": reopened(WRITE, os.O_TRUNC),
    "statx": statx,
    "handle": handle,
    "open below": lambda p: opened(READ)(p + "/x"),
    "readlink": os.readlink,
    "execute": lambda p: os.execv(p, [p]),
    "map to write": lambda p: mapped(p, mmap.MAP_SHARED, 3, BOTH),
    "read far beyond": lambda p: len(os.pread(os.open(p, READ), 9, 1 << 40)),
    "read much": lambda p: os.pread(os.open(p, READ), MEGABYTE, 0) == whole(p),
    "read nothing": lambda p: len(os.read(os.open(p, READ), 0)),
    "read in pieces":
        lambda p: os.readv(os.open(p, READ), [bytearray(1), bytearray(1)]) > 0,
    "read at an odd offset":
        lambda p: os.pread(os.open(p, READ), 3, 1) == whole(p)[1:4],
    "read bytewise": bytewise,
    "write what is open to read": lambda p: os.write(os.open(p, READ), b"1"),
    "read directory":
        lambda p: os.read(os.open(os.path.dirname(p), READ), 10),
    "copy from": copy_from,
    "copy into": copy_into,
    "splice from": splice_from,
    "splice into": splice_into,
    "sendfile": send,
    "read without waiting": read_without_waiting,
    "write to append": write_to_append,
    "advise": lambda p: os.posix_fadvise(os.open(p, READ), 0, 0,
                                         os.POSIX_FADV_WILLNEED),
    "lease": lambda p: fcntl.fcntl(os.open(p, READ), fcntl.F_SETLEASE,
                                   fcntl.F_RDLCK),
    "inotify": lambda p: raw("inotify_add_watch", libc.inotify_init(),
                             p.encode(), 2) > 0,
    "may write": lambda p: os.access(p, os.W_OK),
    "may execute": lambda p: os.access(p, os.X_OK),
    "stat": lambda p: attribute(os.stat(p)),
    "statfs": lambda p: list(os.statvfs(p))[:5],
    "write nothing": write(b""),
    "write newline": write(b"\n"),
    "write blanks": write(b"  "),
    "write zero byte": write(b"\0"),
    "write text": write(b"x"),
    "write page": write(b"1" * 4096),
    "write megabyte": write(b"1" * MEGABYTE),
    "write a megabyte of blanks": write(b" " * MEGABYTE),
    "write at an odd offset": write(b"1\n", 3),
    "write far beyond": write(b"1\n", 1 << 40),
    "write two numbers": write(b"1 1\n"),
    "write number and text": write(b"1x\n"),
    "write hex": write(b"0x1\n"),
    "write plus": write(b"+1\n"),
    "write many digits": write(b"0" * 60 + b"1\n"),
    "write": write(b"1\n"),
    "read what was written": lambda p: whole(p).decode(),
}


def attempt(operation, path):
    try:
        result = operation(path)
    except OSError as error:
        return errno.errorcode[error.errno]
    except ValueError:
        return "ENODEV"  # Python asks for the size first: a map of nothing
    return result.hex() if isinstance(result, bytes) else result


print(json.dumps({
    path: {name: attempt(operation, path)
           for name, operation in OPERATIONS.items()}
    for path in sys.argv[1:]}))
