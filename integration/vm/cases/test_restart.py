"""The service ends and comes back; containers do not notice."""

import os

import pytest

from harness.command import run
from harness.waiting import until


def test_containers_outlive_a_restart(docker, systemctl):
    box = docker.start_container()
    before = systemctl("show", "-P", "MainPID").out
    ids = docker.shell(box, "cat /proc/self/uid_map")
    restarted = systemctl("restart")
    assert restarted.code == 0, restarted
    assert systemctl("show", "-P", "MainPID").out != before
    assert docker.shell(box, "cat /proc/self/uid_map") == ids
    assert box[:12] in run("sysbox", "ps").out
    other = docker.start_container()
    assert os.stat(f"/proc/{docker.pid(other)}").st_uid != os.stat(
        f"/proc/{docker.pid(box)}").st_uid
    docker("rm", "-f", box)
    assert box[:12] not in run("sysbox", "ps").out


def test_emulated_files_are_served_after_a_restart(docker, systemctl):
    box = docker.start_container()
    systemctl("restart")
    assert docker.shell(box, "cat /proc/uptime")


def test_containers_outlive_a_crash(docker, systemctl):
    box = docker.start_container()
    systemctl("kill", "--signal=KILL")
    until(lambda: systemctl("is-active").out == "active\n", seconds=60)
    assert docker.shell(box, "echo on") == "on\n"
    assert docker.run("echo", "new").out == "new\n"
