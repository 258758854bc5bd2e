"""The service ends and comes back; containers do not notice."""

import os

from harness.command import run


def test_containers_outlive_a_restart(docker, systemctl):
    box = docker.start_container()
    before = systemctl("show", "-P", "MainPID").out
    ids = docker.shell(box, "cat /proc/self/uid_map")
    restarted = systemctl("restart")
    assert restarted.code == 0, restarted
    assert systemctl("show", "-P", "MainPID").out != before
    assert docker.shell(box, "cat /proc/self/uid_map; cat /proc/uptime"
                        ).startswith(ids)
    assert box[:12] in run("sysbox", "ps").out
    other = docker.start_container()
    assert os.stat(f"/proc/{docker.pid(other)}").st_uid != os.stat(
        f"/proc/{docker.pid(box)}").st_uid
    docker("rm", "-f", box)
    assert box[:12] not in run("sysbox", "ps").out


def test_containers_outlive_a_crash(docker, systemctl):
    box = docker.start_container()
    systemctl("kill", "--signal=KILL")
    run("sysbox", "ps", check=False)
    from harness.waiting import until
    until(lambda: systemctl("is-active").out == "active\n", seconds=60)
    assert docker.shell(box, "echo on") == "on\n"
    assert docker.run("echo", "new").out == "new\n"
