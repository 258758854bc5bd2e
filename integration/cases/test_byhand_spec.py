"""What config.json can say, on the real kernel."""

import json
import os
import re
import stat

import pytest

from harness import cgroup


def mount(bundle, destination, kind, source, *options):
    bundle.spec["mounts"].append({
        "destination": destination, "type": kind, "source": str(source),
        "options": list(options)})


def options_of(text, path):
    """Of the last mount on `path` in a mountinfo: its own, its superblock's,
    its propagation."""
    found = None
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if words[4] == path:
            found = (set(words[5].split(",")),
                     set(rest.split(" ", 2)[2].split(",")),
                     [word.split(":")[0] for word in words[6:] if word])
    assert found, f"no mount on {path} in\n{text}"
    return found


# options -> what the mount's own options have, and have not
FLAGS = [
    (["ro"], {"ro"}, {"rw"}),
    (["ro", "rw"], {"rw"}, {"ro"}),
    (["nosuid", "nodev", "noexec"], {"nosuid", "nodev", "noexec"}, set()),
    (["nosuid", "suid", "noexec", "exec", "nodev", "dev"], set(),
     {"nosuid", "noexec", "nodev"}),
    (["noatime"], {"noatime"}, {"relatime"}),
    (["nodiratime"], {"nodiratime"}, set()),
    (["strictatime"], set(), {"relatime", "noatime"}),
    (["nosymfollow"], {"nosymfollow"}, set()),
    (["rro"], {"ro"}, {"rw"}),
    (["rnosuid", "rnodev", "rnoexec"], {"nosuid", "nodev", "noexec"}, set()),
    (["rnoatime"], {"noatime"}, set()),
]


@pytest.mark.parametrize("options, has, has_not", FLAGS,
                         ids=lambda v: ",".join(v) if isinstance(
                             v, list) else "")
@pytest.mark.parametrize("kind", ["rbind", "bind", "tmpfs"])
def test_mount_options(bundle, name, disk, kind, options, has, has_not):
    if kind == "tmpfs":
        mount(bundle, "/m", "tmpfs", "tmpfs", *options)
    else:
        mount(bundle, "/m", "none", disk, kind, *options)
    own, _, _ = options_of(bundle.shell("cat /proc/self/mountinfo", name).out,
                           "/m")
    assert has <= own and not has_not & own, own


def test_a_recursive_read_only_bind_reaches_what_is_below(bundle, name, disk):
    (disk / "sub").mkdir()
    assert os.system(f"mount -t tmpfs below {disk}/sub") == 0
    try:
        for options, code in ((["rbind", "ro"], 0), (["rbind", "rro"], 1)):
            bundle.spec["mounts"] = [m for m in bundle.spec["mounts"]
                                     if m["destination"] != "/m"]
            mount(bundle, "/m", "none", disk, *options)
            result = bundle.shell("touch /m/x 2>/dev/null && exit 9; "
                                  "touch /m/sub/x", name, check=False)
            assert result.code == code, (options, result)
    finally:
        os.system(f"umount {disk}/sub")


def test_tmpfs_data(bundle, name):
    mount(bundle, "/m", "tmpfs", "tmpfs", "size=64k", "mode=1730",
          "nr_inodes=9", "uid=5", "gid=6")
    said = bundle.shell("stat -c '%a %u %g' /m; cat /proc/self/mountinfo", name)
    assert said.out.startswith("1730 5 6\n")
    _, superblock, _ = options_of(said.out.partition("\n")[2], "/m")
    assert {"size=64k", "nr_inodes=9"} <= superblock


def test_a_copied_up_tmpfs(bundle, name):
    mount(bundle, "/etc", "tmpfs", "tmpfs", "tmpcopyup")
    said = bundle.shell("cat /etc/passwd | head -1; echo x > /etc/x && echo ok",
                        name)
    assert said.out.splitlines()[0].startswith("root:") and "ok" in said.out


@pytest.mark.parametrize("option, expected", [
    ("private", []), ("rprivate", []), ("slave", ["master"]),
    ("rslave", ["master"]), ("shared", ["shared"]), ("rshared", ["shared"]),
    ("unbindable", ["unbindable"])])
def test_bind_propagation(bundle, name, disk, option, expected):
    mount(bundle, "/m", "none", disk, "rbind", option)
    _, _, tags = options_of(bundle.shell("cat /proc/self/mountinfo", name).out,
                            "/m")
    if expected:
        assert expected[0] in tags
    else:
        assert "shared" not in tags


@pytest.mark.parametrize("value", ["private", "slave", "rslave", "shared",
                                   "rprivate", "unbindable"])
def test_rootfs_propagation(bundle, name, value):
    bundle.spec["linux"]["rootfsPropagation"] = value
    _, _, tags = options_of(bundle.shell("cat /proc/self/mountinfo", name).out,
                            "/")
    assert ("shared" in tags) == (value == "shared")
    assert ("unbindable" in tags) == (value == "unbindable")


def test_mounts_inside_never_reach_the_host(bundle, name, disk):
    mount(bundle, "/m", "none", disk, "rbind", "rshared")
    (disk / "d").mkdir()
    bundle.shell("mount -t tmpfs x /m/d && touch /m/d/x", name)
    assert not (disk / "d/x").exists()
    assert str(disk) not in open("/proc/self/mountinfo").read()


def test_an_idmapped_bind_of_the_spec(bundle, name, disk):
    (disk / "f").write_text("x")
    os.chown(disk / "f", 500, 500)
    bundle.spec["mounts"].append({
        "destination": "/m", "type": "none", "source": str(disk),
        "options": ["bind"],
        "uidMappings": [{"containerID": 500, "hostID": 100000500, "size": 1}],
        "gidMappings": [{"containerID": 500, "hostID": 100000500, "size": 1}]})
    result = bundle.shell("stat -c %u:%g /m/f", name, check=False)
    # Ids of the file system, mapped to host ids this container may not have:
    # nobody, never somebody else's.
    if result.code == 0:
        assert result.out == "65534:65534\n"
    else:
        assert len(result.err.splitlines()) == 1, result


def test_the_idmap_option(bundle, name, disk):
    (disk / "f").write_text("x")
    os.chown(disk / "f", 1000, 1000)
    mount(bundle, "/m", "none", disk, "bind", "idmap")
    assert bundle.shell("stat -c %u:%g /m/f", name).out == "1000:1000\n"


@pytest.mark.parametrize("option", ["nope", "size=", "mode=999"])
def test_a_bad_mount_option_names_the_mount(bundle, name, host_unchanged,
                                            option):
    mount(bundle, "/m", "tmpfs", "tmpfs", option)
    bundle.save()
    result = bundle("run", name, check=False)
    if option == "size=":  # the kernel takes it
        return
    assert result.code == 1 and len(result.err.splitlines()) == 1, result
    assert "/m" in result.err or "mounts[" in result.err, result


def test_a_missing_bind_source(bundle, name, host_unchanged):
    mount(bundle, "/m", "none", "/does/not/exist", "bind")
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and len(result.err.splitlines()) == 1
    assert "/does/not/exist" in result.err


def test_relative_bind_sources_are_the_bundles(bundle, name):
    (bundle.path / "here").mkdir()
    (bundle.path / "here/f").write_text("found\n")
    mount(bundle, "/m", "none", "here", "bind")
    assert bundle.shell("cat /m/f", name).out == "found\n"


def test_masked_and_read_only_paths(bundle, name):
    bundle.spec["linux"]["maskedPaths"] = ["/etc/passwd", "/home", "/nope"]
    bundle.spec["linux"]["readonlyPaths"] = ["/etc", "/nope", "/tmp"]
    said = bundle.shell("wc -c < /etc/passwd; ls -A /home | wc -l; "
                        "touch /etc/x; touch /tmp/x; touch /home/x", name,
                        check=False)
    assert said.out.split() == ["0", "0"]
    assert said.err.count("Read-only file system") == 3


def test_a_read_only_root(bundle, name):
    bundle.spec["root"]["readonly"] = True
    said = bundle.shell("touch /x; touch /dev/shm/x && echo shm", name)
    assert said.out == "shm\n" and "Read-only" in said.err


RLIMITS = {"RLIMIT_AS": 1 << 40, "RLIMIT_CORE": 5, "RLIMIT_CPU": 600,
           "RLIMIT_DATA": 1 << 40, "RLIMIT_FSIZE": 1 << 30,
           "RLIMIT_LOCKS": 99, "RLIMIT_MEMLOCK": 65536,
           "RLIMIT_MSGQUEUE": 1000, "RLIMIT_NICE": 0, "RLIMIT_NOFILE": 77,
           "RLIMIT_NPROC": 5000, "RLIMIT_RSS": 1 << 30,
           "RLIMIT_RTPRIO": 0, "RLIMIT_RTTIME": 1000,
           "RLIMIT_SIGPENDING": 100, "RLIMIT_STACK": 1 << 23}
NAMES = {"RLIMIT_AS": "Max address space", "RLIMIT_CORE": "Max core file size",
         "RLIMIT_CPU": "Max cpu time", "RLIMIT_DATA": "Max data size",
         "RLIMIT_FSIZE": "Max file size", "RLIMIT_LOCKS": "Max file locks",
         "RLIMIT_MEMLOCK": "Max locked memory",
         "RLIMIT_MSGQUEUE": "Max msgqueue size",
         "RLIMIT_NICE": "Max nice priority",
         "RLIMIT_NOFILE": "Max open files", "RLIMIT_NPROC": "Max processes",
         "RLIMIT_RSS": "Max resident set",
         "RLIMIT_RTPRIO": "Max realtime priority",
         "RLIMIT_RTTIME": "Max realtime timeout",
         "RLIMIT_SIGPENDING": "Max pending signals",
         "RLIMIT_STACK": "Max stack size"}


def test_every_rlimit(bundle, name):
    bundle.spec["process"]["rlimits"] = [
        {"type": kind, "soft": value, "hard": value}
        for kind, value in RLIMITS.items()]
    text = bundle.shell("cat /proc/self/limits", name).out
    for kind, value in RLIMITS.items():
        line = next(l for l in text.splitlines() if l.startswith(NAMES[kind]))
        assert re.split(r"\s{2,}", line)[1:3] == [str(value)] * 2, line


def test_sysctls_of_each_namespace(bundle, name):
    bundle.spec["linux"]["sysctl"] = {
        "net.ipv4.ip_forward": "1", "kernel.shmmax": "123456789",
        "kernel.msgmax": "9000", "fs.mqueue.msg_max": "20",
        "kernel.domainname": "dom.example", "net/core/somaxconn": "200"}
    said = bundle.shell(
        "cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax kernel/msgmax "
        "fs/mqueue/msg_max kernel/domainname net/core/somaxconn", name)
    assert said.out.split() == ["1", "123456789", "9000", "20", "dom.example",
                                "200"]


@pytest.mark.parametrize("key", ["kernel.panic", "vm.swappiness",
                                 "../x", "kernel.hostname/../panic", ""])
def test_a_sysctl_of_the_host_is_refused(bundle, name, host_unchanged, key):
    bundle.spec["linux"]["sysctl"] = {key: "1"}
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and len(result.err.splitlines()) == 1
    assert "sysctl" in result.err


def test_hostname_and_domainname(bundle, name):
    bundle.spec["hostname"], bundle.spec["domainname"] = "box", "example.org"
    said = bundle.shell("hostname; cat /proc/sys/kernel/domainname", name)
    assert said.out.split() == ["box", "example.org"]


@pytest.mark.parametrize("seccomp, script, expected", [
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
         "errnoRet": 13}]},
     "mkdir /tmp/x 2>&1 | grep -o 'Permission denied'", "Permission denied\n"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [
            {"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}]},
     "trap 'echo got' USR2; kill -USR1 $$ 2>/dev/null || echo denied; "
     "kill -USR2 $$", "denied\ngot\n"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["sync"], "action": "SCMP_ACT_KILL_PROCESS"}]},
     "sync; echo $?", "159\n"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "architectures":
      ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [
          {"names": ["mkdir", "mkdirat", "not_a_syscall"],
           "action": "SCMP_ACT_ERRNO"}]},
     "mkdir /tmp/x 2>&1 | grep -o 'not permitted'", "not permitted\n"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["sync"], "action": "SCMP_ACT_LOG"}]},
     "sync && echo lives", "lives\n"),
])
def test_seccomp(bundle, name, seccomp, script, expected):
    bundle.spec["linux"]["seccomp"] = seccomp
    mount(bundle, "/tmp", "tmpfs", "tmpfs")
    assert bundle.shell(script, name).out == expected


@pytest.mark.parametrize("seccomp, field", [
    ({"defaultAction": "NOPE"}, "linux.seccomp.defaultAction"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["VAX"]},
     "linux.seccomp.architectures[0]"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["sync"], "action": "SCMP_ACT_ERRNO", "args": [
            {"index": 9, "value": 1, "op": "SCMP_CMP_EQ"}]}]},
     "linux.seccomp.syscalls[0].args[0].index"),
])
def test_bad_seccomp(bundle, name, host_unchanged, seccomp, field):
    bundle.spec["linux"]["seccomp"] = seccomp
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and len(result.err.splitlines()) == 1
    assert field in result.err


def test_devices_of_the_spec(bundle, name):
    bundle.spec["linux"]["devices"] = [
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3,
         "fileMode": 0o640, "uid": 5, "gid": 6},
        {"path": "/dev/sub/pipe", "type": "p"}]
    bundle.spec["linux"]["resources"] = {"devices": [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"}]}
    said = bundle.shell("stat -c '%n %F %a %u:%g' /dev/mine /dev/sub/pipe; "
                        "echo x > /dev/mine && echo wrote", name)
    assert said.out.splitlines() == [
        "/dev/mine character special file 640 5:6",
        said.out.splitlines()[1], "wrote"]
    assert said.out.splitlines()[1].startswith("/dev/sub/pipe fifo")


def test_a_device_outside_dev(bundle, name, disk):
    """The host's node of that name, if it is the one that is asked for."""
    node = disk / "null"
    os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    device = {"path": str(node), "type": "c", "major": 1, "minor": 3}
    bundle.spec["linux"]["devices"] = [device]
    said = bundle.shell(f"stat -c '%F %t:%T' {node}; echo x > {node} && "
                        "echo wrote", name)
    assert said.out.splitlines() == ["character special file 1:3", "wrote"]
    device["minor"] = 5
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1
    assert "linux.devices[0]" in result.err
    assert "is not device 1:5 on the host" in result.err


def test_namespaces_by_path(bundle, name):
    pid = bundle.start(name + "a")
    first = dict(bundle.spec["linux"])
    bundle.spec["linux"] = {**first, "namespaces": [
        {**n, "path": f"/proc/{pid}/ns/net"} if n["type"] == "network" else n
        for n in first["namespaces"]]}
    said = bundle.shell("readlink /proc/self/ns/net; "
                        "readlink /proc/self/ns/user", name + "b")
    assert said.out.split() == [os.readlink(f"/proc/{pid}/ns/net"),
                                os.readlink(f"/proc/{pid}/ns/user")]


def test_umask_groups_oom_personality(bundle, name):
    bundle.spec["process"]["user"] = {"uid": 1000, "gid": 1000, "umask": 0o27,
                                      "additionalGids": [5, 6]}
    bundle.spec["process"]["oomScoreAdj"] = 300
    said = bundle.shell("umask; id -u; id -G; cat /proc/self/oom_score_adj",
                        name)
    assert said.out.splitlines() == ["0027", "1000", "1000 5 6", "300"]


def test_the_environment_is_the_specs(bundle, name):
    said = bundle.save(args=["env"], env=["PATH=/bin", "A=b=c", "EMPTY="])
    assert said("run", name).out.splitlines() == ["PATH=/bin", "A=b=c",
                                                  "EMPTY=", "HOME=/root"]


def test_a_cgroup_path_of_the_spec(bundle, name, host_unchanged):
    bundle.spec["linux"]["cgroupsPath"] = f"/{name}/deep"
    said = bundle.shell("cat /proc/1/cgroup", name)
    assert name not in said.out
    cgroup.remove_empty(name)  # fails if "deep" is still there


def test_resources_reach_the_cgroup(bundle, name):
    if not os.path.isdir("/sys/fs/cgroup/memory"):
        pytest.skip("cgroup v1 is missing")
    bundle.spec["linux"]["resources"] = {
        "memory": {"limit": 100 << 20, "reservation": 50 << 20,
                   "swap": 150 << 20},
        "cpu": {"shares": 400, "quota": 20000, "period": 40000, "cpus": "0",
                "mems": "0"},
        "pids": {"limit": 77},
        "blockIO": {"weight": 200}}
    pid = bundle.start(name)
    where = cgroup.of(pid)
    for controller, file, value in [
            ("memory", "memory.limit_in_bytes", 100 << 20),
            ("memory", "memory.soft_limit_in_bytes", 50 << 20),
            ("cpu", "cpu.shares", 400), ("cpu", "cpu.cfs_quota_us", 20000),
            ("cpu", "cpu.cfs_period_us", 40000), ("cpuset", "cpuset.cpus", 0),
            ("pids", "pids.max", 77)]:
        assert where[controller].name == "syscont-cgroup-root"
        assert cgroup.limit(pid, controller, file) == str(value), file
    # Delegated to the container's root, the limits' own directory is not.
    delegated = os.stat(where["pids"])
    assert delegated.st_uid == os.stat(f"/proc/{pid}").st_uid != 0
    assert os.stat(where["pids"].parent).st_uid == 0


def test_host_namespaces_are_refused(bundle, name, host_unchanged):
    whole = bundle.spec["linux"]["namespaces"]
    for kind in ("pid", "ipc", "uts", "network", "mount"):
        bundle.spec["linux"]["namespaces"] = [n for n in whole
                                              if n["type"] != kind]
        bundle.save()
        result = bundle("run", name, check=False)
        assert result.code == 1 and len(result.err.splitlines()) == 1
        assert f"{kind} namespace" in result.err
    bundle.spec["linux"]["namespaces"] = [
        {**n, "path": "/proc/self/ns/net"} if n["type"] == "network" else n
        for n in whole]
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and "network namespace" in result.err


def test_specs_of_other_versions(bundle, name):
    for version, code in (("1.0.0", 0), ("1.0.2-dev", 0), ("1.1.0", 0),
                          ("1.2.0", 0), ("2.0.0", 1), ("0.1", 1), ("", 1)):
        bundle.spec["ociVersion"] = version
        bundle.save(args=["true"])
        assert bundle("run", name, check=False).code == code, version


def test_unknown_fields_are_ignored(bundle, name):
    bundle.spec["vendor"] = {"x": 1}
    bundle.spec["process"]["vendor"] = [1]
    assert bundle.shell("echo fine", name).out == "fine\n"


def test_every_mount_option_that_features_names(bundle, runc_bundle, name,
                                                disk):
    """By bind and tmpfs: what runc takes is taken."""
    of = [set(json.loads(b("features").out)["mountOptions"])
          for b in (bundle, runc_bundle)]
    assert of[1] <= of[0]
    wrong = []
    for option in sorted(of[1]):
        for kind, source in (("tmpfs", "tmpfs"), ("none", disk)):
            codes = []
            for each in (bundle, runc_bundle):
                each.spec["mounts"] = [m for m in each.spec["mounts"]
                                       if m["destination"] != "/m"]
                mount(each, "/m", kind, source, *(
                    [option] if kind == "tmpfs" else ["rbind", option]))
                codes.append(each.save()("run", name, check=False).code)
            if codes[0] > codes[1]:
                wrong.append((kind, option, codes))
    assert not wrong
