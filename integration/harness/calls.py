"""System calls by number, made inside by Python."""

import pathlib

CALL = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(*arguments)
    error = ctypes.get_errno()
    print(name, os.strerror(error) if result < 0 else result)
    return result
"""


def python(hosted, name, script, user="root", **options):
    """Its lines, as run by `user` inside."""
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "call.py").write_text(CALL + script)
    said = hosted.shell(f"/bin/su {user} -c 'python3 /call.py'", name,
                        **options)
    return said.out.splitlines()
