"""The files of /proc and /sys that the daemon serves: in place, like the
kernel's own, the container's alone, and gone with it."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from harness.command import run
from harness.waiting import until

KERNEL = "/proc/sys/kernel"
VALUES = pathlib.Path("/run/sysbox/values")
SWAPPINESS = "/proc/sys/vm/swappiness"
DIRECTORIES = ("/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs")


def host_value(path):
    return pathlib.Path(path).read_text()


def fuse_mounts():
    """Of this host, in the mount namespace of the test."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if " - fuse sysbox" in line]


def connections(daemon):
    """How many the daemon serves; two of them are made ahead."""
    fds = pathlib.Path(f"/proc/{daemon.process.pid}/fd")
    count = 0
    for fd in fds.iterdir():
        try:
            count += os.readlink(fd) == "/dev/fuse"
        except OSError:  # closed meanwhile
            continue
    return count


@pytest.mark.parametrize("by", ["docker", "by hand", "sysbox run"])
def test_files_are_in_place(docker, bundle, name, binary, shared_rootfs, by):
    before = host_value(SWAPPINESS)
    script = (f"grep -c ' - fuse sysbox ' /proc/self/mountinfo; "
              f"echo 77 > {SWAPPINESS} && cat {SWAPPINESS}; hostname;"
              f"cat {KERNEL}/hostname")
    if by == "docker":
        result = docker.run("sh", "-c", script, options=["--hostname", "box"])
    elif by == "by hand":
        bundle.spec["hostname"] = "box"
        result = bundle.shell(script, name)
    else:
        result = run(binary, "run", "--rootfs", shared_rootfs, "--hostname",
                     "box", "--name", name, "--", "sh", "-c", script)
    mounts, value, *hostnames = result.out.split()
    assert int(mounts) > 3
    assert value == "77"
    assert hostnames == ["box", "box"]
    assert host_value(SWAPPINESS) == before
    assert not fuse_mounts()


def test_the_host_sees_no_mount(docker):
    container = docker.start_container()
    assert docker.shell(container, "grep -c fuse /proc/mounts").strip() != "0"
    assert not fuse_mounts()
    found = run("findmnt", "-t", "fuse", "-n", check=False)
    assert "sysbox" not in found.out


def test_they_look_like_the_kernels(bundle, name):
    paths = [f"{KERNEL}/panic", SWAPPINESS, "/proc/sys/fs/file-max",
             f"{KERNEL}/ostype"]
    result = bundle.shell(
        f"stat -c '%n %U %G %a %F' {' '.join(paths)}; "
        f"stat -c '%U %F' {' '.join(DIRECTORIES)}", name)
    lines = result.out.splitlines()
    for path, line in zip(paths, lines):
        mode = oct(os.stat(path).st_mode & 0o7777)[2:]
        assert line.startswith(f"{path} root root {mode} regular"), result
    assert lines[len(paths):] == ["root directory"] * len(DIRECTORIES)


@pytest.mark.parametrize("script, error", [
    (f"echo 1 > {KERNEL}/ostype", "Permission denied"),
    (f"echo nonsense > {SWAPPINESS}", "Invalid argument"),
    (f"cat {KERNEL}/no-such-file", "No such file"),
    (f"mkdir {KERNEL}/new", "No such file"),
    (f"rm {KERNEL}/panic", "denied"),
    (f": > {KERNEL}/new", "denied|not permitted|nonexistent"),
])
def test_errors_are_the_kernels(bundle, name, script, error):
    # As with procfs, whatever the mode bits say of root: not by access(2).
    result = bundle.shell(script, name, check=False)
    assert result.code != 0
    assert any(text in result.err for text in error.split("|")), result


def test_sendfile_reads_what_read_does(bundle, name):
    """busybox's cat copies by sendfile(2), which asks for no attributes."""
    live = ["/proc/uptime", "/proc/meminfo", "/proc/sys/kernel/hostname"]
    result = bundle.shell(
        f"for value in 5 100 007; do echo $value > {SWAPPINESS}; "
        f"cat {SWAPPINESS}; done; "
        f"for file in {' '.join(live)}; do cat $file | tail -c 1 | od -c; done",
        name)
    assert result.out.splitlines()[:3] == ["5", "100", "7"]
    assert result.out.count("\\n") == len(live), result


def test_mounts_are_listed_behind_what_they_lie_on(bundle, name):
    """Who unmounts from the end of the list meets no busy one."""
    result = bundle.shell("cat /proc/self/mountinfo", name)
    mounts = [line.split()[:5] for line in result.out.splitlines()]
    identifiers = [mount[0] for mount in mounts]
    for number, (_, below, *_, target) in enumerate(mounts):
        if below in identifiers:
            assert identifiers.index(below) < number, target


def test_huge_pages_are_turned_off_as_databases_want_them(bundle, name):
    directory = "/sys/kernel/mm/transparent_hugepage"
    if not os.path.exists(directory):
        pytest.skip("transparent huge pages")
    with open(f"{directory}/enabled") as file:
        host = file.read()
    out = bundle.shell(
        f"cd {directory}; cat enabled; echo never > enabled && cat enabled; "
        "echo some > enabled; echo always > enabled && cat enabled; "
        "echo never > defrag && cat defrag; "
        "echo 0 > khugepaged/defrag && cat khugepaged/defrag; "
        "stat -c %a enabled; echo 1 > use_zero_page", name, check=False)
    plain = host.strip().replace("[", "").replace("]", "")
    never, always, defrag = (out.out.splitlines()[i] for i in (1, 2, 3))
    assert out.out.splitlines()[0] == host.strip()
    assert never == plain.replace("never", "[never]")
    assert always == plain.replace("always", "[always]")
    assert defrag.endswith("[never]")
    assert out.out.splitlines()[4:] == ["0", "644"]
    assert out.code != 0, "what no program sets is the host's"
    with open(f"{directory}/enabled") as file:
        assert file.read() == host


def test_two_containers_do_not_see_each_other(docker):
    first, second = docker.start_container(), docker.start_container()
    old = docker.shell(second, f"cat {SWAPPINESS}")
    docker.shell(first, f"echo 33 > {SWAPPINESS}")
    assert docker.shell(first, f"cat {SWAPPINESS}") == "33\n"
    assert docker.shell(second, f"cat {SWAPPINESS}") == old


def test_containers_that_share_a_network_are_two(docker):
    first = docker.start_container()
    second = docker.start_container(options=[f"--net=container:{first}"])
    old = docker.shell(second, f"cat {SWAPPINESS}")
    docker.shell(first, f"echo 33 > {SWAPPINESS}")
    assert docker.shell(second, f"cat {SWAPPINESS}") == old
    docker("rm", "-f", first)
    assert docker.shell(second, f"cat {SWAPPINESS}") == old


def test_exec_sees_what_init_wrote(bundle, name):
    bundle.start(name)
    bundle("exec", name, "sh", "-c", f"echo 44 > {SWAPPINESS}")
    assert bundle("exec", name, "cat", SWAPPINESS).out == "44\n"


def test_hostname_is_the_callers(docker):
    container = docker.start_container(options=["--hostname", "outer"])
    out = docker.shell(
        container,
        f"unshare -u sh -c 'echo inner > {KERNEL}/hostname; hostname; "
        f"cat {KERNEL}/hostname'; cat {KERNEL}/hostname; hostname")
    assert out.split() == ["inner", "inner", "outer", "outer"]
    assert host_value(f"{KERNEL}/hostname").strip() not in ("inner", "outer")


def test_inner_unshare(bundle, name):
    result = bundle.shell(
        f"unshare -mnpuf sh -c 'echo 55 > {SWAPPINESS}'; cat {SWAPPINESS}",
        name)
    assert result.out == "55\n"


def test_a_read_only_rootfs_leaves_them_writable(docker):
    result = docker.run(
        "sh", "-c", f"echo 66 > {SWAPPINESS} && cat {SWAPPINESS}",
        options=["--read-only"])
    assert result.out == "66\n"


def test_masked_and_read_only_paths_stay(docker):
    result = docker.run("sh", "-c", "ls -A /sys/firmware; ls -A /proc/acpi; "
                        "grep ' /proc/bus ' /proc/mounts")
    # Upon the served one.
    assert re.search(r"^\S+ /proc/bus \S+ ro,", result.out, re.M), result


def test_docker_sysctls_arrive(docker):
    result = docker.run(
        "cat", f"{KERNEL}/shmmni", "/proc/sys/net/ipv4/ip_forward",
        options=["--sysctl", "kernel.shmmni=1234",
                 "--sysctl", "net.ipv4.ip_forward=1"])
    assert result.out.split() == ["1234", "1"]


def test_without_the_emulation(bundle, name):
    bundle.save(args=["grep", "-c", "fuse", "/proc/mounts"])
    result = bundle("run", name, globals_=["--no-sysbox-fs"], check=False)
    assert result.out == "0\n"


def test_a_killed_container_leaves_nothing(bundle, name, daemon,
                                           host_unchanged):
    before = connections(daemon)
    pid = bundle.start(name)
    until(lambda: connections(daemon) == before + 2)
    bundle("exec", name, "sh", "-c", f"echo 44 > {SWAPPINESS}")
    assert (VALUES / name).exists()
    os.kill(pid, signal.SIGKILL)
    until(lambda: connections(daemon) == before)
    until(lambda: not (VALUES / name).exists())
    bundle("delete", "--force", name)


def test_a_failed_create_leaves_nothing(bundle, name, daemon, host_unchanged):
    bundle.save(args=["/no/such/program"])
    before = connections(daemon)
    for _ in range(3):
        assert bundle("run", name, check=False).code != 0
    until(lambda: connections(daemon) == before)


def test_many_readers_at_once(docker):
    container = docker.start_container()
    out = docker.shell(
        container,
        "for i in 1 2 3 4 5 6 7 8; do (find /proc/sys/kernel /proc/sys/vm "
        "-type f -perm -444 -exec cat {} + > /dev/null 2>&1; echo done) & "
        "done; wait")
    assert out.split() == ["done"] * 8


def test_find_ends(docker):
    result = docker.run("sh", "-c", "find /proc/sys -type f | wc -l")
    on_host = sum(len(files) for _, _, files in os.walk("/proc/sys"))
    assert abs(int(result.out) - on_host) < on_host / 2


@pytest.fixture
def no_daemon(daemon):
    daemon.stop()
    yield
    daemon.start()


def servers(name):
    """Processes that serve files of just that container."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if ((entry / "comm").read_text() == "sysbox[fs]\n" and
                    name in (entry / "cmdline").read_text()):
                found.append(entry.name)
        except OSError:  # gone, or no process
            continue
    return found


def test_without_a_daemon(no_daemon, binary, shared_rootfs, name):
    result = run(binary, "run", "--rootfs", shared_rootfs, "--name", name,
                 "--", "sh", "-c",
                 f"echo 77 > {SWAPPINESS} && cat {SWAPPINESS}; "
                 f"echo x > {KERNEL}/hostname; hostname; exit 3", check=False)
    assert result.code == 3, result
    assert result.out == "77\nx\n"
    assert not servers(name)
    assert not (VALUES / name).exists()


def test_detached_without_a_daemon(no_daemon, bundle, name):
    bundle.save(args=["sleep", "1000"])
    bundle.detached("run", "-d", name)
    assert len(servers(name)) == 1
    bundle("exec", name, "sh", "-c", f"echo 44 > {SWAPPINESS}")
    assert bundle("exec", name, "cat", SWAPPINESS).out == "44\n"
    bundle("delete", "--force", name)
    until(lambda: not servers(name))
    assert not (VALUES / name).exists()


def test_a_killed_run_leaves_its_container_served(no_daemon, bundle, name):
    bundle.save(args=["sleep", "1000"])
    process = subprocess.Popen(
        list(map(str, bundle.arguments("run", name))),
        stdin=subprocess.DEVNULL)
    until(lambda: bundle("state", name, check=False).code == 0 and
          bundle.state(name)["status"] == "running")
    process.kill()
    process.wait()
    assert bundle("exec", name, "cat", SWAPPINESS).out.strip().isdigit()
    bundle("delete", "--force", name)
    until(lambda: not servers(name))


def test_a_failed_run_without_a_daemon(no_daemon, bundle, name):
    bundle.save(args=["/no/such/program"])
    assert bundle("run", name, check=False).code != 0
    assert not servers(name)


def test_people_can_look(bundle, name, binary):
    bundle.start(name)
    bundle("exec", name, "sh", "-c", f"echo 44 > {SWAPPINESS}")
    assert run(binary, "fs", "cat", name, SWAPPINESS).out == "44\n"
    listed = run(binary, "fs", "ls", name, "/proc/sys/vm").out.split()
    inside = bundle("exec", name, "ls", "/proc/sys/vm").out.split()
    assert sorted(listed) == sorted(inside)
    values = json.loads(run(binary, "inspect", name).out)["storedValues"]
    assert values == {SWAPPINESS: "44"}
    for words, text in [
            (["ls", name, "/proc/sys/net"], "the kernel's own"),
            (["cat", name, "/proc/sys/vm/nothing"], "No such file"),
            (["cat", "nobody", SWAPPINESS], "does not exist"),
            (["dance"], "fs ls ID PATH")]:
        result = run(binary, "fs", *words, check=False)
        assert result.code == 1 and text in result.err, result


KNOWN_FLAGS = ("--log-level=debug", "--log-format=text",
               "--allow-immutable-remounts", "--allow-immutable-unmounts=false",
               "--seccomp-fd-release=cont-exit", "--ignore-handler-errors")


@pytest.mark.parametrize("flags", [(), KNOWN_FLAGS])
def test_the_role_alone(binary, tmp_path, flags):
    place = tmp_path / "files"
    (tmp_path / "sysbox-fs").symlink_to(binary)
    process = subprocess.Popen(
        [tmp_path / "sysbox-fs", "--mountpoint", str(place), *flags],
        stderr=subprocess.PIPE, text=True)
    try:
        said = iter(process.stderr.readline, "")
        assert any("serving at" in line for line in said)
        value = (place / "static" / SWAPPINESS[1:]).read_text()
        assert value == host_value(SWAPPINESS)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert not fuse_mounts()
    assert not place.exists() or not list(place.iterdir())
