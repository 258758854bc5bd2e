"""Our AppArmor profile: on every container that did not choose another."""

import pytest

from harness.command import run
from harness.waiting import until

OURS = "sysbox-system-container (enforce)\n"


def label(docker, box, process=1):
    return docker.shell(box, f"cat /proc/{process}/attr/current")


def test_it_is_in_place_of_dockers(docker):
    box = docker.start_container()
    assert label(docker, box) == OURS
    assert label(docker, box, "self") == OURS  # an exec has it, too


@pytest.fixture
def another_profile():
    """Docker's own cannot be told from no choice at all."""
    text = "profile chosen-by-hand { file, capability, signal, }\n"
    run("apparmor_parser", "--replace", input=text)
    yield "chosen-by-hand"
    run("apparmor_parser", "--remove", input=text)


def test_the_user_chooses(docker, another_profile):
    for chosen, expected in (("unconfined", "unconfined\n"), (
            another_profile, f"{another_profile} (enforce)\n")):
        told = docker.run("cat", "/proc/self/attr/current",
                          options=(f"--security-opt=apparmor={chosen}",))
        assert told.out == expected, told


def test_what_a_system_does_is_allowed(docker):
    told = docker.run("sh", "-euc", """
        mkdir -p /a /b /p
        mount -t tmpfs t /a && mount --bind /a /b && mount -o remount,ro,bind /b
        mount -t proc p /p && umount /p /b /a
        ip link add d0 type dummy 2>/dev/null || true
        ip link set lo up && sleep 100 & kill $! && echo done""", check=False)
    assert told.out == "done\n", told


DENIED = """
    try() { "$@" 2>/dev/null && echo "$1: done" || echo "$1: refused"; }
    reset() { echo x > /x/proc/sysrq-trigger; }
    peek() { cat /x/proc/kcore; }
    security() { mount -t securityfs s /s; }
    mkdir -p /s /x/proc && : > /x/proc/allowed && try reset && try peek
    try security"""


def test_what_it_never_does_is_denied(docker):
    """By path alone: the files of this name here are only files."""
    told = docker.run("sh", "-c", DENIED, check=False)
    assert told.out.split("\n")[:3] == [
        "reset: refused", "peek: refused", "security: refused"], told
    free = docker.run("sh", "-c", DENIED, check=False,
                      options=("--security-opt=apparmor=unconfined",))
    assert free.out.startswith("reset: done\n"), free


def test_two_containers_do_not_reach_each_other(docker):
    first = docker.start_container()
    host_pid = docker.pid(first)
    told = docker.run("sh", "-c", f"ls /proc/{host_pid}/root", check=False)
    assert told.code != 0
    until(lambda: docker.shell(first, "echo on") == "on\n")
