"""Capabilities, seccomp, devices and the like, under Docker."""

import pathlib
import json
import os

import pytest

LAST = int(open("/proc/sys/kernel/cap_last_cap").read())
EVERY = (1 << (LAST + 1)) - 1
CAP_CHOWN, CAP_NET_RAW, CAP_SYS_ADMIN = 1 << 0, 1 << 13, 1 << 21
SETS = "sed -n 's/^Cap...:.//p' /proc/self/status"
HONOR = ["-e", "SYSBOX_HONOR_CAPS=TRUE"]


def sets(text):
    """Inh, Prm, Eff, Bnd, Amb"""
    return [int(line, 16) for line in text.split()]


def test_cap_add_and_drop_mean_nothing_by_default(docker):
    result = docker.run("sh", "-c", SETS,
                        options=["--cap-drop=ALL", "--cap-add=CHOWN"])
    assert sets(result.out) == [EVERY] * 5


def test_honored_caps_are_those_of_the_spec(docker):
    options = ["--cap-drop=NET_RAW", "--cap-add=SYS_ADMIN"]
    ours = docker.run("sh", "-c", SETS, options=HONOR + options)
    runc = docker.run("sh", "-c", SETS, options=options, runtime="runc")
    assert sets(ours.out) == sets(runc.out)
    assert sets(ours.out)[2] & CAP_SYS_ADMIN
    assert not sets(ours.out)[3] & CAP_NET_RAW


def test_no_caps_are_none(docker):
    result = docker.run("sh", "-c", SETS + "; chown 1 /tmp",
                        options=HONOR + ["--cap-drop=ALL"], check=False)
    assert sets(result.out) == [0] * 5
    assert "Operation not permitted" in result.err


def test_honored_caps_of_an_exec(docker):
    container = docker.start_container(options=["--cap-drop=NET_RAW"])
    assert sets(docker.shell(container, SETS)) == [EVERY] * 5
    honored = sets(docker.shell(container, SETS, *HONOR))
    assert honored[2] & CAP_CHOWN and not honored[2] & CAP_NET_RAW
    privileged = sets(docker.shell(container, SETS, "--privileged", *HONOR))
    assert privileged[2] & CAP_SYS_ADMIN


def test_an_exec_in_a_container_that_honors_caps(docker):
    container = docker.start_container(
        options=HONOR + ["--cap-drop=ALL", "--cap-add=CHOWN"])
    assert sets(docker.shell(container, SETS))[2] == CAP_CHOWN


def profile(path, *syscalls):
    path.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": list(syscalls), "action": "SCMP_ACT_ERRNO",
                      "errnoRet": 77}]}))
    return f"seccomp={path}"


def test_a_custom_profile_denies_its_call(docker, tmp_path):
    option = profile(tmp_path / "p.json", "mkdir", "mkdirat")
    result = docker.run("sh", "-c", "mkdir /x; touch /y && echo touched",
                        options=["--security-opt", option], check=False)
    assert result.out == "touched\n"
    assert "File descriptor in bad state" in result.err  # EBADFD, 77


def test_a_custom_profile_holds_for_exec(docker, tmp_path):
    option = profile(tmp_path / "p.json", "mkdir", "mkdirat")
    container = docker.start_container(options=["--security-opt", option])
    result = docker("exec", container, "mkdir", "/x", check=False)
    assert result.code == 1 and "bad state" in result.err


def test_seccomp_modes(docker):
    script = "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status"
    default = docker.run("sh", "-c", script).out.split()
    assert default == ["NoNewPrivs:", "0", "Seccomp:", "2"]
    loose = docker.run("sh", "-c", script,
                       options=["--security-opt", "seccomp=unconfined"])
    # A filter that only traps.
    assert loose.out.split() == ["NoNewPrivs:", "0", "Seccomp:", "2"]
    tight = docker.run("sh", "-c", script,
                       options=["--security-opt", "no-new-privileges"])
    assert tight.out.split() == ["NoNewPrivs:", "1", "Seccomp:", "2"]


def test_no_new_privileges_holds_for_exec(docker):
    container = docker.start_container(
        options=["--security-opt", "no-new-privileges"])
    assert "NoNewPrivs:\t1" in docker.shell(container,
                                            "cat /proc/self/status")


def test_root_mounts_inside(docker):
    """What a machine's root does all day; Docker's profile forbids it."""
    result = docker.run(
        "sh", "-c", "mount -t tmpfs x /tmp && mount --bind /etc /home && "
        "mkdir /tmp/p && mount -t proc p /tmp/p && umount /tmp/p && "
        "hostname changed && hostname && unshare -m true && echo all")
    assert result.out == "changed\nall\n"


def test_fuse_device_belongs_to_root(docker):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("/dev/fuse is missing")
    result = docker.run(
        "sh", "-c", "stat -c '%u:%g %t,%T' /dev/fuse; "
        "exec 3<>/dev/fuse && echo opened", options=["--device=/dev/fuse"])
    assert result.out == "0:0 a,e5\nopened\n"


def test_devices_that_were_not_given_are_refused(docker):
    result = docker.run("sh", "-c", "mknod /tmp/m c 1 1 && cat /tmp/m",
                        check=False)
    assert result.code != 0
    assert "not permitted" in result.err


def test_a_read_only_container(docker):
    result = docker.run(
        "sh", "-c", "touch /x; touch /etc/x; echo y > /dev/null && echo dev; "
        "touch /dev/shm/x && echo shm", options=["--read-only"], check=False)
    assert result.out.split() == ["dev", "shm"]
    assert result.err.count("Read-only file system") == 2
    result = docker.run("touch", "/t/x",
                        options=["--read-only", "--tmpfs", "/t"])
    assert result.code == 0


def test_masked_paths_show_nothing(docker):
    result = docker.run(
        "sh", "-c", "cat /proc/keys /proc/timer_list 2>&1; ls /proc/acpi "
        "/sys/firmware; head -c1 /proc/kcore 2>&1 | wc -c", check=False)
    runc = docker.run(
        "sh", "-c", "cat /proc/keys /proc/timer_list 2>&1; ls /proc/acpi "
        "/sys/firmware; head -c1 /proc/kcore 2>&1 | wc -c", runtime="runc",
        check=False)
    assert result.out == runc.out


def test_the_hosts_knobs_are_out_of_reach(docker):
    """Emulated ones are the container's own; others refuse."""
    knobs = ["/proc/sys/kernel/panic", "/proc/sys/vm/swappiness"]
    before = [pathlib.Path(knob).read_text() for knob in knobs]
    result = docker.run(
        "sh", "-c", f"echo 7 > {knobs[0]}; echo 8 > {knobs[1]}; "
        f"cat {' '.join(knobs)}; echo c > /proc/sysrq-trigger", check=False)
    assert result.code != 0
    assert result.out.split() == ["7", "8"]
    assert len(result.err.splitlines()) == 1, result
    assert [pathlib.Path(knob).read_text() for knob in knobs] == before


def test_additional_groups(docker):
    options = ["-u", "1000:1000", "--group-add", "77", "--group-add", "tty"]
    ours = docker.run("id", "-G", options=options)
    runc = docker.run("id", "-G", options=options, runtime="runc")
    assert ours.out == runc.out
    assert {"77", "5"} <= set(ours.out.split())


def test_a_setuid_program_regains_roots_powers(docker):
    container = docker.start_container(options=["-u", "1000"])
    docker("exec", "-u", "0", container, "sh", "-c",
           "cp /bin/busybox /tmp/su; chmod 4755 /tmp/su; "
           "echo root::0:0::/:/bin/sh > /etc/passwd")
    assert sets(docker.shell(container, SETS))[2] == 0
    said = docker.shell(container, f"/tmp/su -s /bin/sh root -c \"{SETS}\"")
    assert sets(said)[2] == EVERY
