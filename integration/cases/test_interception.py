"""What root inside may ask of the kernel works, or is refused cleanly."""

import os
import re
import signal
import time

import pytest


def test_sysinfo_is_the_containers(docker):
    """busybox's uptime asks sysinfo(2)."""
    said = docker.run("uptime").out
    assert re.search(r"up 0 min,", said), said


def test_harmless_nodes_can_be_made(docker, host_unchanged):
    made = docker.run("sh", "-c", """
        cd /tmp && mkdir d && mknod null c 1 3 && mknod d/zero c 1 5 &&
        mknod -m 600 ./tun c 10 200 && mknod fuse c 10 229 &&
        echo gone > null && head -c 2 d/zero | od -An -tx1 &&
        stat -c '%n %F %u:%g %a %t:%T' null tun""").out
    assert made.splitlines() == [
        " 00 00",
        "null character special file 0:0 644 1:3",
        "tun character special file 0:0 600 a:c8"]


@pytest.mark.parametrize("node", ["c 1 1", "c 1 4", "b 8 0", "b 7 0",
                                  "c 10 237"])
def test_other_nodes_cannot_be_made(docker, node):
    result = docker.run("mknod", "/tmp/x", *node.split(), check=False)
    assert result.code != 0
    assert "Operation not permitted" in result.err


def test_nodes_are_made_with_the_callers_rights(docker):
    """As the container's user, and only where that one may write."""
    script = """
        mkdir /tmp/roots /tmp/users && chown 1000:1000 /tmp/users &&
        chmod 700 /tmp/users && chmod 755 /tmp/roots &&
        mknod /tmp/users/by-root c 1 3 &&
        stat -c %u:%g /tmp/users/by-root
        su app -c 'mknod /tmp/users/x c 1 3'
        ln -s /proc/1/root/tmp/roots /tmp/magic
        mknod /tmp/magic/x c 1 3; mknod /tmp/no/x c 1 3
        mknod /tmp/users/by-root c 1 3"""
    result = docker.run("sh", "-c", script, check=False)
    assert result.out.splitlines() == ["0:0"]
    assert [line.rsplit(": ", 1)[-1] for line in result.err.splitlines()] == [
        "Operation not permitted", "Operation not permitted",
        "No such file or directory", "File exists"]


def test_whiteouts_are_the_kernels(docker):
    docker.run("sh", "-c", "mkdir /tmp/t && mount -t tmpfs t /tmp/t && "
               "mknod /tmp/t/whiteout c 0 0")


def test_the_kernel_log_is_empty(docker):
    assert docker.run("dmesg").out == ""
    docker.run("dmesg", "-c")


def test_nothing_is_swapped_to_a_device(docker):
    docker.run("swapoff", "/dev/none")
    result = docker.run("swapon", "/dev/none", check=False)
    assert result.code != 0


def test_an_exec_is_intercepted_too(docker):
    container = docker.start_container()
    for path in ("/tmp/one", "/tmp/two"):
        docker("exec", container, "mknod", path, "c", "1", "3")
        docker.shell(container, f"echo x > {path}")


def test_interception_needs_no_profile(docker):
    for options in (("--security-opt", "seccomp=unconfined"),
                    ("--security-opt", "no-new-privileges")):
        docker.run("mknod", "/tmp/x", "c", "1", "3", options=options)


def test_by_hand_too(bundle, name):
    assert bundle.shell("mknod /tmp/by-hand-$$ c 1 3 && uptime && echo done",
                        name).out.endswith("done\n")


def test_many_at_once(docker):
    script = """
        for i in 1 2 3 4 5 6 7 8; do
            (for j in 1 2 3 4 5 6 7 8 9; do mknod /tmp/$i.$j c 1 3; done) &
        done; wait; ls /tmp | wc -l"""
    containers = [docker.start_container() for _ in range(3)]
    for container in containers:
        assert docker.shell(container, script).strip() == "72"


def test_listeners_end_with_their_processes(docker, daemon):
    def descriptors():
        return len(list((daemon.descriptors()).iterdir()))

    docker.run("true")
    before = descriptors()
    container = docker.start_container()
    for number in range(5):
        docker("exec", container, "mknod", f"/tmp/x{number}", "c", "1", "3")
    docker("rm", "-f", container)
    deadline = time.monotonic() + 5
    while descriptors() > before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_new_worker_goes_on(docker, daemon):
    """Calls wait for it; those the old one had received are carried on."""
    container = docker.start_container("sh", "-c", """
        while true; do
            uptime > /dev/null || echo uptime >> /tmp/bad
            mknod /tmp/x c 1 3 || [ -e /tmp/x ] || echo mknod >> /tmp/bad
            rm -f /tmp/x; echo >> /tmp/rounds
        done""")

    def rounds():
        return int(docker.shell(
            container, "cat /tmp/rounds 2> /dev/null | wc -l"))

    for _ in range(5):
        os.kill(daemon.worker(), signal.SIGKILL)
        before = rounds()
        deadline = time.monotonic() + 10
        while rounds() < before + 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert docker.shell(container, "cat /tmp/bad", check=False) == ""


NEW_PROC = "mkdir /tmp/p && mount -t proc proc /tmp/p && "


def submounts(mounts, place):
    """path → its options, of what lies below `place`."""
    found = {}
    for line in mounts.splitlines():
        _, path, _, options, *_ = line.split()
        if path.startswith(place + "/"):
            found[path.removeprefix(place)] = options.split(",")
    return found


def dressed(mounts, place="/proc"):
    """What goes with a procfs: emulated files, masks, read-only paths."""
    return {path: "ro" in options for path, options in
            submounts(mounts, place).items()}


@pytest.fixture
def unchanged(docker):
    """What lies over the container's own /proc."""
    return dressed(docker.run("cat", "/proc/mounts").out)


def test_a_new_proc_is_like_the_containers_own(docker, unchanged):
    mounts = docker.run("sh", "-c", NEW_PROC + "cat /proc/mounts").out
    assert unchanged
    assert dressed(mounts, "/tmp/p") == unchanged
    inside = docker.run("sh", "-c", NEW_PROC + "cat /tmp/p/self/comm "
                        "/tmp/p/1/comm; exit").out
    assert inside.splitlines() == ["cat", "sh"]


def test_a_new_proc_is_unmounted_whole(docker, unchanged):
    mounts = docker.run(
        "sh", "-c", NEW_PROC + "umount /tmp/p && cat /proc/mounts").out
    assert "/tmp/p" not in mounts
    assert dressed(mounts) == unchanged


def test_a_new_proc_keeps_its_options(docker):
    mounts = docker.run(
        "sh", "-c", "mkdir /tmp/p && mount -t proc -o ro,nosuid,hidepid=2 "
        "proc /tmp/p && cat /proc/mounts").out
    own = [line for line in mounts.splitlines() if " /tmp/p " in line]
    assert len(own) == 1
    options = own[0].split()[3].split(",")
    assert {"ro", "nosuid"} <= set(options)
    assert {"hidepid=2", "hidepid=invisible"} & set(options)
    assert all(dressed(mounts, "/tmp/p").values())


BACKWARDS = """
    for place in $(cut -d' ' -f5 /proc/self/mountinfo | grep ^/tmp/p | tac); do
      umount $place || echo $place stays
    done; grep -c ' /tmp/p' /proc/mounts"""


@pytest.mark.parametrize("before, mount", [
    ("", "-t proc proc"), ("", "-t sysfs sys"), ("", "--bind /proc"),
    ("", "--rbind /proc"), ("", "--bind /sys"),
    ("unshare -m", "-t proc proc"), ("unshare -m", "--bind /proc"),
    ("unshare -n -p -f", "-t proc proc"),
    ("unshare -U -r -m -p -f", "-t proc proc")])
def test_a_tree_is_unmounted_backwards(docker, before, mount):
    """As schroot does: one after another, from the end of the list."""
    result = docker.run(
        "sh", "-c", "mkdir /tmp/p; printf %s \"$0\" > /tmp/backwards; "
        f"{before} sh -c 'mount {mount} /tmp/p && . /tmp/backwards'; exit",
        BACKWARDS, check=False)
    assert (result.out, result.err) == ("0\n", "")


def kernel_has_a_pid_max_for_each_namespace():
    major, minor = re.match(r"(\d+)\.(\d+)", os.uname().release).groups()
    return (int(major), int(minor)) >= (6, 14)


PID_MAX = "/tmp/p/sys/kernel/pid_max"


@pytest.mark.skipif(not kernel_has_a_pid_max_for_each_namespace(),
                    reason="one for all pid namespaces before Linux 6.14")
@pytest.mark.parametrize("mount", ["-t proc proc", "--bind /proc"])
def test_pid_max_is_the_pid_namespaces(docker, mount):
    """The container's own, and in a further pid namespace that one's; never
    the host's, which no other sees."""
    assert docker.run("sh", "-c", f"""
        mkdir /tmp/p; echo 4000 >/proc/sys/kernel/pid_max
        mount {mount} /tmp/p && cat {PID_MAX}
        echo 3000 >{PID_MAX} && cat /proc/sys/kernel/pid_max
        unshare -m -p -f sh -c 'mount -t proc proc /tmp/p &&
            echo 2000 >{PID_MAX} && cat {PID_MAX} &&
            mkdir /tmp/q && mount --bind /tmp/p /tmp/q &&
            cat /tmp/q/sys/kernel/pid_max'; cat {PID_MAX}""",
                      ).out.split() == "4000 3000 2000 2000 3000".split()


def test_what_else_lies_over_proc_is_no_part_of_a_new_one(docker, unchanged):
    mounts = docker.run("sh", "-c", "mount -t tmpfs t /proc/sys/kernel/keys; "
                        f"{NEW_PROC} cat /proc/mounts").out
    assert dressed(mounts, "/tmp/p") == unchanged


def test_parts_of_proc_that_are_read_only_are_so_in_a_new_one(docker):
    """Each its own, as a runtime's readonlyPaths are."""
    mounts = docker.run("sh", "-c", f"""
        for part in driver tty sysvipc; do
          mount --bind /proc/$part /proc/$part || exit 1
        done; mount -o remount,bind,ro /proc/tty
        {NEW_PROC} cut -d' ' -f4-6 /proc/self/mountinfo""").out
    parts = [line.split() for line in mounts.splitlines()
             if re.search(r" /tmp/p/(driver|tty|sysvipc) ", line)]
    assert sorted((root, options.split(",")[0])
                  for root, _, options in parts) == [
        ("/driver", "rw"), ("/sysvipc", "rw"), ("/tty", "ro")]
    assert all(place == f"/tmp/p{root}" for root, place, _ in parts)


def test_a_procfs_is_of_the_pid_namespace_its_mounter_is_in(docker):
    """And not of the one its children will be in."""
    assert docker.run("sh", "-c", """
        mkdir /tmp/p && unshare -p mount -t proc proc /tmp/p &&
        test -d /tmp/p/$$ && cat /tmp/p/$$/comm; exit""").out == "sh\n"


def test_what_a_mount_is_told_may_be_long(docker, unchanged):
    """The arguments are read together as far as they are short."""
    place = f"/tmp/{'x' * 200}/{'y' * 200}"
    mounts = docker.run("sh", "-c", f"""
        mkdir -p {place} && mount -t proc {'s' * 200} {place} &&
        cat /proc/mounts""").out
    assert f"{'s' * 200} {place} proc " in mounts
    assert dressed(mounts, place) == unchanged


def test_a_bind_of_proc_takes_its_files_along(docker, unchanged):
    mounts = docker.run("sh", "-c", "mkdir /tmp/p && mount --bind /proc /tmp/p"
                        " && cat /proc/mounts && umount /tmp/p").out
    assert dressed(mounts, "/tmp/p") == unchanged


def test_shared_mounts_do_not_multiply(docker):
    """What is put over a copy of /proc stays off /proc itself."""
    before, after = docker.run("sh", "-c", """
        cut -d' ' -f2 /proc/mounts; echo then; mount --make-rshared /
        mkdir /tmp/p && for i in 1 2 3; do
          mount -t proc proc /tmp/p && umount /tmp/p &&
          mount --bind /proc /tmp/p && umount /tmp/p &&
          unshare -m --propagation shared mount -t proc proc /tmp/p &&
          umount /tmp/p || exit 1
        done; cut -d' ' -f2 /proc/mounts""").out.split("then\n")
    assert after == before


@pytest.mark.parametrize("network", ["", "unshare -n "])
def test_the_network_parameters_of_a_new_procfs(docker, network):
    """Linux has this one in its first network namespace only, and a directory
    for each: what is served lies over the caller's."""
    assert docker.run("sh", "-c", network + f"""sh -c '{NEW_PROC}
        cat /tmp/p/sys/net/ipv4/neigh/default/gc_thresh1 &&
        echo 200 >/tmp/p/sys/net/ipv4/neigh/default/gc_thresh1 &&
        mount -o remount,bind,ro /tmp/p &&
        echo 100 >/tmp/p/sys/net/ipv4/neigh/default/gc_thresh1'; exit""",
                      check=False).out == "128\n"


def test_a_remount_takes_its_files_along(docker):
    mounts = docker.run(
        "sh", "-c", NEW_PROC + "mount -o remount,bind,ro /tmp/p && "
        "cat /proc/mounts").out
    # What lies on top of each place: what it covers is out of reach.
    top = {line.split()[1]: line for line in mounts.splitlines()}
    emulated = [line for place, line in top.items()
                if place.startswith("/tmp/p/") and " fuse " in line]
    assert emulated
    assert all("ro" in line.split()[3].split(",") for line in emulated)


def test_a_remount_leaves_other_mounts_alone(docker):
    """As systemd does for ProtectKernelTunables=: /proc/sys is covered by a
    read-only copy of itself, then /proc gets other flags."""
    said = docker.run(
        "sh", "-c", "mount --rbind /proc/sys /proc/sys && "
        "mount -o remount,bind,ro /proc/sys/vm && "
        "mount -o remount,bind,nosuid,nodev,noexec /proc && "
        "echo 1 >/proc/sys/vm/swappiness", check=False)
    assert "Read-only file system" in said.err
    mounts = docker.run(
        "sh", "-c", "mount -o remount,bind,ro /proc/uptime && "
        "mount -o remount,bind,nosuid /proc && cat /proc/mounts").out
    assert dressed(mounts)["/uptime"]


@pytest.mark.parametrize("unshare", [
    "-m -p -f --mount-proc", "-i -m -n -p -u -f --mount-proc=/proc",
    "-U -r -m -p -f --mount-proc", "-U -r -m -p -f"])
def test_unshared_namespaces_get_it_too(docker, unshare, unchanged):
    script = "cat /proc/mounts /proc/1/comm && exit"
    if not unshare.endswith("proc"):
        script = f"mount -t proc proc /proc && {script}"
    out = docker.run("unshare", *unshare.split(), "sh", "-c", script).out
    *mounts, comm = out.splitlines()
    assert comm == "sh"
    # Two of them, one over the other.
    assert dressed("\n".join(mounts)) == unchanged


def test_new_sysfs_is_like_the_containers_own(docker):
    mounts = docker.run("sh", "-c", "mkdir /tmp/s && mount -t sysfs s /tmp/s "
                        "&& test -d /tmp/s/class/net/lo && cat /proc/mounts"
                        ).out
    own, new = dressed(mounts, "/sys"), dressed(mounts, "/tmp/s")
    assert set(new) <= set(own)
    assert {path for path in own if not path.startswith("/fs/")} == set(new)


def test_who_may_not_mount_is_told_so(docker):
    result = docker.run("sh", "-c", "mkdir -p /tmp/p; su app -c "
                        "'mount -t proc proc /tmp/p'", check=False)
    assert result.code != 0
    result = docker.run("sh", "-c", "touch /tmp/f; mount -t proc proc /tmp/f",
                        check=False)
    assert "Not a directory" in result.err
    result = docker.run("mount", "-t", "proc", "proc", "/tmp/none",
                        check=False)
    assert "No such file" in result.err


def test_other_filesystems_are_the_kernels(docker):
    mounts = docker.run("sh", "-c", """
        mkdir /tmp/t /tmp/d /tmp/q && mount -t tmpfs -o size=1m t /tmp/t &&
        mount -t devpts d /tmp/d && mount -t mqueue q /tmp/q &&
        cat /proc/mounts && umount /tmp/t /tmp/d /tmp/q""").out
    for path in ("t", "d", "q"):
        assert f" /tmp/{path} " in mounts
