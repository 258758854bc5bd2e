"""What ships: one static, stripped binary of less than 8 MB."""

import os
import shutil

from harness.command import run


def test_one_static_stripped_binary(binary):
    assert os.path.getsize(binary) < 8 << 20
    headers = run("readelf", "--wide", "--program-headers", "--sections",
                  binary).out
    assert "INTERP" not in headers and "DYNAMIC" not in headers
    assert ".symtab" not in headers and ".debug" not in headers


def test_it_runs_where_nothing_else_is(binary, disk):
    """No library, no /proc, no locale."""
    shutil.copy2(binary, disk / "sysbox")
    said = run("/usr/sbin/chroot", disk, "/sysbox", "help", env={}).out
    assert "usage: sysbox" in said
