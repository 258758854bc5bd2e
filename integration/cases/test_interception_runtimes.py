"""Container runtimes inside: what they check about /proc is so, and what they
start has the emulated files, too."""

import json
import shutil

import pytest

from harness.command import run
from harness.guest import narrow_path

# What present-day runtimes open in a procfs of their own.
NATIVE = ["sys/net/ipv4/ip_unprivileged_port_start",
          "sys/net/ipv4/ping_group_range", "sys/kernel/shm_rmid_forced",
          "sys/kernel/msgmax", "self/oom_score_adj", "self/attr/exec",
          "self/setgroups", "self/fd"]


def lines(result):
    return dict(line.rsplit(" ", 1) for line in result.out.splitlines())


def check_ways(found, ways, paths=NATIVE):
    for way in ways:
        assert found[way] == "OK", found
        for path in paths:
            assert found[f"{way} read {path}"] == "OK", (way, path, found)


def test_a_private_procfs_passes_every_check(hosted, name):
    """openat2 BENEATH, NO_XDEV and NO_MAGICLINKS, the magic, mount ids."""
    found = lines(hosted.shell(f"/probe procfs {' '.join(NATIVE)}", name))
    check_ways(found, ("new", "clone"))
    check_ways(found, ("processes",),
               [path for path in NATIVE if path.startswith("self/")])
    for path in NATIVE[:1]:
        assert found[f"new write {path}"] == "OK"
    # Nothing lies between them and /proc itself, either.
    check_ways(found, ("open",), [NATIVE[0], *NATIVE[4:]])


@pytest.mark.parametrize("unshare", ["-m -p -f --mount-proc",
                                     "-U -r -m -p -f --mount-proc",
                                     "-U -r -m -n -i -u -p -f --mount-proc"])
def test_so_it_does_in_unshared_namespaces(hosted, name, unshare):
    found = lines(hosted.shell(
        f"unshare {unshare} /probe procfs {' '.join(NATIVE)}", name))
    check_ways(found, ("new", "clone"))


def test_who_sees_only_part_of_proc_gets_no_whole_one(hosted, name):
    """A user namespace that inherited a covered /proc: the kernel's rule."""
    found = lines(hosted.shell(
        f"unshare -U -r -m /probe procfs {NATIVE[0]}", name))
    assert found["new"] == "EPERM"
    check_ways(found, ("clone", "open"), NATIVE[:1])


def test_the_new_mount_api_brings_the_files_along(hosted, name):
    script = "mkdir -p /tmp/p; /probe mounts; "
    for what in ("proc", "/proc", "'/proc*'"):
        script += f"/probe mount-anew {what} /tmp/p; umount -l /tmp/p; "
    said = hosted.shell(script, name).out
    assert "E" not in {word[0] for line in said.splitlines()
                       if (word := line.split()[-1]) and "move" in line}
    parts = said.split("move OK\n")
    assert len(parts) == 4
    own = covered(parts[0], "/proc")
    assert own
    for part in parts[1:]:
        assert covered(part, "/tmp/p") == own


def covered(mountinfo, place):
    return {fields[4].removeprefix(place)
            for line in mountinfo.splitlines()
            if len(fields := line.split()) > 5
            and fields[4].startswith(place + "/")}


def plain(spec):
    del spec


def privileged(spec):
    everything = spec["process"]["capabilities"]["bounding"]
    everything += ["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_NET_ADMIN"]
    for kind in spec["process"]["capabilities"]:
        spec["process"]["capabilities"][kind] = everything
    spec["linux"]["maskedPaths"] = spec["linux"]["readonlyPaths"] = []


def userns(spec):
    privileged(spec)
    spec["linux"]["namespaces"].append({"type": "user"})
    ids = [{"containerID": 0, "hostID": 1000, "size": 60000}]
    spec["linux"]["uidMappings"] = spec["linux"]["gidMappings"] = ids


@pytest.mark.parametrize("kind", [plain, privileged, userns])
@pytest.mark.parametrize("engine", ["runc", "crun"])
def test_containers_inside(hosted, name, engine, kind):
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is missing")
    run("runc", "spec", "--bundle", hosted.inner)
    path = hosted.inner / "config.json"
    spec = json.loads(path.read_text())
    spec["root"]["readonly"] = False
    spec["process"]["terminal"] = False
    kind(spec)
    script = ("/probe mounts; cat /proc/uptime; "
              f"/probe procfs {' '.join(NATIVE)}")
    if kind is not plain:
        script += ("; mkdir -p /dev/p; mount -t proc p /dev/p && "
                   "mknod /dev/made c 1 3; /probe mounts; umount /dev/p && "
                   "echo unmounted OK")
    spec["process"]["args"] = ["sh", "-c", script]
    path.write_text(json.dumps(spec))
    said = hosted.shell(f"{engine} --root /tmp/state run -b /inner inside",
                        name).out
    emulated = {line.split()[4] for line in said.splitlines()
                if " - fuse " in line}
    assert {"/proc/uptime", "/proc/meminfo", "/proc/sys/kernel"} <= emulated
    uptime = next(line for line in said.splitlines()
                  if line.replace(".", "").replace(" ", "").isdigit())
    assert float(uptime.split()[0]) < 60
    found = dict(line.rsplit(" ", 1) for line in said.splitlines()
                 if len(line.split()) in (2, 3, 4) and line[0] != "/")
    if kind is plain:  # it may not mount, and has /proc/sys read-only
        assert found["new"] == found["clone"] == "EPERM"
        check_ways(found, ("open",), ["self/oom_score_adj", "self/fd"])
    else:
        check_ways(found, ("new", "clone"))
        assert {"/dev/p/uptime", "/dev/p/sys/kernel"} <= emulated
        assert found["unmounted"] == "OK"


def test_callers_of_the_32_bit_abi(hosted, name, probe):
    # By root of a user namespace alone, who may nothing of what it tries.
    tried = run("unshare", "--user", "--map-root-user", "python3", "-c",
                "import os, sys; os.execv(sys.argv[1], sys.argv[1:])",
                narrow_path(probe), check=False)
    if "Exec format error" in tried.err:
        pytest.skip("this kernel runs no 32-bit programs")
    hosted.spec["linux"].setdefault("resources", {}).update(
        {"memory": {"limit": 256 << 20},
         "cpu": {"quota": 50000, "period": 100000}})
    found = lines(hosted.shell("mkdir -p /mnt && /narrow", name))
    assert found.pop("uptime") in ("0", "1", "2", "3")
    assert found == {"mknod": "0", "mknod memory": "-1", "mount": "0",
                     "umount": "0", "umount again": "-22",
                     "umount without flags": "0",
                     "umount without flags again": "-22",
                     "syslog": "262144", "sysinfo": "0", "mebibytes": "256",
                     "affinity's size": "0", "cpus": "1",
                     "affinity in half a word": "-22",
                     "affinity nowhere": "-14"}
