"""A hostile rootfs or volume leads no mount and no write out of it."""

import os
import shutil

import pytest

UP = "../../../../../../../.."


def mount_lines(guest, name):
    return [line.split() for line in guest.attack(name, "mounts")]


def replace(path, target):
    """Puts a symlink where the rootfs has something else."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def listing(directory):
    found = []
    for entry in os.scandir(directory):
        status = entry.stat(follow_symlinks=False)
        found.append((entry.name, status.st_mode, status.st_size))
    return sorted(found)


def test_nothing_of_the_hosts_mounts_remains(guest, name, marker):
    guest.bind(marker, "/bound")
    lines = mount_lines(guest, name)
    ids = {line[0] for line in lines}
    tops = [line for line in lines if line[1] not in ids]
    assert [line[4] for line in tops] == ["/"]
    # Of file systems with files of the host, only what was asked for.
    host = os.stat(guest.rootfs).st_dev
    device = f"{os.major(host)}:{os.minor(host)}"
    assert {line[4] for line in lines if line[2] == device} == {"/", "/bound"}
    propagating = [line for line in lines if "shared:" in " ".join(line)]
    assert propagating == []


def test_no_way_out_of_the_root(guest, name, marker):
    results = dict(line.rsplit(" ", 1)
                   for line in guest.attack(name, "climb", marker))
    for where in ("above", "below", "after"):
        assert results[f"marker {where}"] != "OK", results


# What the rootfs has, and what it leads to on the host.
@pytest.mark.parametrize("path, target", [
    ("etc", f"{UP}/OUTSIDE"),
    ("etc", "/OUTSIDE"),
    ("dir", "/proc/self/cwd/../../OUTSIDE"),
    ("dir", "/proc/1/root/OUTSIDE"),
    ("dev", "/OUTSIDE"),
    ("dev", UP + "/OUTSIDE"),
    ("proc", "/OUTSIDE"),
    ("proc", "/tmp"),
    ("proc", UP + "/proc"),
    ("sys", "/OUTSIDE"),
    ("sys", "/proc"),
    ("tmp", "/dev/fd"),
    ("dev/null", "/OUTSIDE/file"),
    ("dev/console", "/OUTSIDE/file"),
    ("dev/pts", "/OUTSIDE"),
    ("dev/shm", "/OUTSIDE"),
    ("dev/ptmx", "/OUTSIDE/file"),
])
def test_links_in_the_rootfs(guest, name, disk, marker, path, target):
    outside = disk / "outside"
    outside.mkdir()
    (outside / "file").write_text("untouched")
    replace(guest.rootfs / path, target.replace("/OUTSIDE", str(outside)))
    for where in ("/etc/bound", "/dir/bound", "/tmp/bound"):
        guest.bind(marker, where)
    before = listing(outside), (outside / "file").read_text()
    result = run_and_check_mounts(guest, name)
    if result.code != 0:
        assert len(result.err.splitlines()) == 1, result
    assert (listing(outside), (outside / "file").read_text()) == before


def run_and_check_mounts(guest, name):
    """Where it starts, what is masked is masked by the kernel's own."""
    guest.save(args=["/probe", "mounts"])
    result = guest("run", name, check=False)
    host = os.stat(guest.rootfs).st_dev
    device = f"{os.major(host)}:{os.minor(host)}"
    for line in result.out.splitlines():
        fields = line.split()
        if fields[2] == device and fields[4] != "/":
            assert fields[4].endswith("/bound"), line
    return result


@pytest.mark.parametrize("null", ["link", "file", "device"])
def test_masked_paths_stay_masked(guest, name, disk, null):
    """CVE-2025-31133: a /dev/null of the rootfs's is not bound over them."""
    secret = disk / "secret"
    secret.write_text("secret")
    path = guest.rootfs / "dev/null"
    if null == "link":
        path.symlink_to("/proc/sysrq-trigger")
    elif null == "file":
        path.write_text("leak")
    else:
        os.mknod(path, 0o20666, os.makedev(1, 1))
    # Without a /dev of our own, the rootfs's is what there is.
    guest.spec["process"]["env"].append("SYSBOX_SYSCONT_MODE=FALSE")
    guest.spec["mounts"] = [mount for mount in guest.spec["mounts"]
                            if not mount["destination"].startswith("/dev")]
    masked = guest.rootfs / "masked"
    masked.write_text("masked")
    guest.spec["linux"]["maskedPaths"] = ["/masked", "/proc/keys"]
    guest.save(args=["/probe", "open", "/masked", "/proc/keys",
                     "/proc/sysrq-trigger"])
    result = guest("run", name, check=False)
    if result.code != 0:
        assert "/dev/null" in result.err, result
        assert len(result.err.splitlines()) == 1, result
    else:
        assert "write /proc/sysrq-trigger OK" not in result.out


@pytest.mark.parametrize("destination", ["/proc", "/proc/sys", "/proc/1/attr",
                                         "/proc/self/attr", "/sys/../proc/sys"])
def test_nothing_is_bound_over_proc(guest, name, disk, destination):
    """CVE-2019-16884, CVE-2025-52881: labels and parameters are written
    through it."""
    forged = disk / "forged"
    forged.mkdir()
    guest.bind(forged, destination)
    guest.save(args=["/probe", "mounts"])
    result = guest("run", name, check=False)
    assert "forged" not in result.out, result
    if result.code != 0:
        assert len(result.err.splitlines()) == 1, result
        assert "/proc" in result.err


def test_parameters_are_written_to_the_kernel_only(guest, name, disk):
    """A link in the rootfs that catches linux.sysctl's writes."""
    victim = disk / "victim"
    victim.write_text("untouched")
    replace(guest.rootfs / "proc", disk)
    guest.spec["process"]["env"].append("SYSBOX_SYSCONT_MODE=FALSE")
    guest.spec["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
    guest.spec["mounts"] = [mount for mount in guest.spec["mounts"]
                            if mount["destination"] != "/proc"]
    (disk / "sys/net/ipv4").mkdir(parents=True)
    (disk / "sys/net/ipv4/ip_forward").write_text("untouched")
    guest.bind(disk, str(disk))
    guest.save(args=["/probe", "true"])
    guest("run", name, check=False)
    written = (disk / "sys/net/ipv4/ip_forward").read_text()
    assert written == "untouched"


def test_a_directory_swapped_for_a_link_while_containers_start(
        make_guest, name, disk, marker):
    """CVE-2021-30465: another container of the same volume races."""
    volume, payload = disk / "volume", disk / "payload"
    for path in (volume, payload, volume / "place"):
        path.mkdir()
    (payload / "evil").write_text("evil")
    (volume / "link").symlink_to(UP)
    racer, victim = make_guest("racer"), make_guest("victim")
    racer.bind(volume, "/volume")
    racer.save(args=["/probe", "swap", "/volume/place", "/volume/link"])
    racer.detached("create", name)
    racer("start", name)
    victim.bind(volume, "/volume")
    victim.bind(payload, f"/volume/place{os.path.dirname(marker)}")
    victim.save(args=["/probe", "reach", str(marker)])
    host = listing("/")
    outcomes = []
    for i in range(40):
        result = victim("run", f"{name}v{i}", check=False)
        outcomes.append(result.code)
        assert "REACHED" not in result.out, result
        assert len(result.err.splitlines()) <= 1, result
    assert 0 in outcomes
    assert listing("/") == host
    assert marker.read_text() == "the host's\n"


@pytest.mark.parametrize("path", ["dev/console", "dev/pts", "dev/pts/0",
                                  "dev/ptmx", "dev/tty"])
@pytest.mark.parametrize("own_dev", [True, False])
def test_a_terminal_is_bound_to_no_place_of_the_rootfs_choice(
        guest, name, disk, path, own_dev):
    """CVE-2025-52565: /dev/console that leads into /proc, or outside."""
    outside = disk / "outside"
    outside.write_text("untouched")
    for target in (str(outside), "/proc/sysrq-trigger",
                   "/proc/sys/kernel/core_pattern", f"{UP}{outside}"):
        replace(guest.rootfs / path, target)
        if not own_dev:  # the rootfs's, then, where nothing adds one
            guest.spec["process"]["env"].append("SYSBOX_SYSCONT_MODE=FALSE")
            guest.spec["linux"]["maskedPaths"] = []  # needs a /dev/null
            guest.spec["mounts"] = [mount for mount in guest.spec["mounts"]
                                    if mount["destination"] != "/dev"]
        guest.save(args=["/probe", "mounts"], terminal=True)
        with guest.terminal("run", name) as terminal:
            terminal.wait()
        covered = [line.split()[4] for line in terminal.seen.splitlines()
                   if "devpts" in line]
        assert not [place for place in covered if place.startswith("/proc")]
        assert outside.read_text() == "untouched"
        shutil.rmtree(guest.rootfs / "dev")
        (guest.rootfs / "dev").mkdir()


def test_file_handles_open_nothing_of_the_hosts(guest, name, disk):
    (disk / "volume").mkdir()
    guest.bind(disk / "volume", "/volume")
    lines = guest.attack(name, "handles", "/", "/volume", "/proc", "/dev",
                         "/sys")
    assert lines and not any(line.endswith("OK") for line in lines), lines


def test_device_nodes(guest, name, disk):
    """Only /dev/null can be made; what is smuggled in cannot be opened."""
    (disk / "volume").mkdir()
    for directory in (disk / "volume", guest.rootfs / "dir"):
        disk_device = os.stat(disk).st_dev
        os.mknod(directory / "disk", 0o60666, disk_device)
        os.mknod(directory / "memory", 0o20666, os.makedev(1, 1))
        os.mknod(directory / "port", 0o20666, os.makedev(1, 4))
        os.mknod(directory / "kmsg", 0o20666, os.makedev(1, 11))
    guest.bind(disk / "volume", "/volume")
    paths = [f"{directory}/{node}" for directory in ("/volume", "/dir")
             for node in ("disk", "memory", "port", "kmsg")]
    lines = guest.attack(name, "open", *paths)
    assert {line.split()[-1] for line in lines} <= {"EPERM", "EACCES"}, lines
    lines = guest.attack(name, "devices", "/tmp", "/dev", "/dir", "/volume")
    made = [line for line in lines
            if line.startswith("mknod") and line.endswith("OK")]
    assert not [line for line in made if "null" not in line], lines
    opened = [line for line in lines
              if line.startswith("open") and line.endswith("OK")]
    assert all(line.endswith("/null OK") for line in opened), opened


def test_files_of_another_containers_range(make_guest, name, disk):
    """In a volume that is not id-mapped, each writes with ids of its own."""
    shared = disk / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    first, second = make_guest("first"), make_guest("second")
    for guest in (first, second):
        guest.bind(shared, "/shared")
        guest.spec["process"]["env"].append("SYSBOX_SKIP_UID_SHIFT=/shared")
    first.start(name, "/probe", "pause")
    second.start(f"{name}b", "/probe", "pause")
    first.attack_by_exec(name, "make", "/shared/private")
    owner = (shared / "private").stat().st_uid
    assert owner not in (0, 65534)
    assert "read /shared/private OK" in first.attack_by_exec(
        name, "open", "/shared/private")
    lines = second.attack_by_exec(f"{name}b", "open", "/shared/private")
    assert lines == ["read /shared/private EACCES",
                     "write /shared/private EACCES"]


def test_sockets_of_the_runtime(guest, name):
    """Even one who is given the manager's socket is not served: he is hung up
    on, before or after he is told why."""
    guest.bind("/run/sysbox", "/sockets")
    lines = guest.attack(name, "connect", "/run/sysbox/sysbox.sock",
                         "/sockets/sysbox.sock")
    assert lines[0].endswith("ENOENT")
    if lines[1].split()[-1] in ("EACCES", "EPERM"):
        return
    answer = lines[2].removeprefix("answer ")
    assert not answer or "may not use this socket" in answer, lines
