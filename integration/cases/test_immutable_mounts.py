"""What is read-only, nosuid, nodev or noexec at creation stays so, whatever
root inside does; it may be unmounted, which reveals the image's own files, unless the
administrator says otherwise: --allow-immutable-unmounts=false."""

import pytest

from harness.command import run
from harness.daemon import Daemon

PLACES = {"here", "mounts", "user+mounts", "chroot", "pivot", "user+pivot"}
COPIES = {"itself", "bind", "rbind", "in-root", "tree", "moved"}


def check(lines, flags="ro", cannot=()):
    """`cannot`: copies that the kernel refuses in some places."""
    tried = set()
    for line in lines:
        place, copy, _, *outcome = line.split()
        if len(outcome) == 2:  # no place or no copy to try it on
            assert copy in cannot, line
            continue
        lifted, written, left = outcome
        assert set(flags.split(",")) <= set(left.split(",")), line
        if "ro" in flags:
            assert written in ("EROFS", "EACCES"), line
        tried.add((place, copy))
    wanted = {(place, copy) for place in PLACES for copy in COPIES
              if copy not in cannot}
    assert wanted <= tried, wanted - tried


@pytest.fixture
def volume(disk):
    path = disk / "volume"
    path.mkdir()
    (path / "file").write_text("untouched")
    return path


@pytest.fixture
def mounted():
    """Mounts on the host, for the case."""
    targets = []

    def mount(*arguments):
        run("mount", *arguments)
        targets.append(arguments[-1])

    yield mount
    for target in set(targets):
        run("umount", target)


def untouched(volume):
    return ((volume / "file").read_text() == "untouched"
            and [path.name for path in volume.iterdir()] == ["file"])


# In a nested user namespace the kernel locks what it inherits as a whole, so
# that single mounts neither move nor are copied without what lies on them.
NESTED = ("moved",)


@pytest.mark.parametrize("options", [["ro"], ["rro"], ["ro", "rslave"],
                                     ["ro", "rshared"], ["ro", "rprivate"]])
def test_a_read_only_bind(guest, name, volume, options):
    guest.bind(volume, "/dir", *options)
    check(guest.attack(name, "thaw", "/dir"), cannot=NESTED)
    assert untouched(volume)


def test_a_read_only_file(guest, name, volume):
    guest.bind(volume / "file", "/etc/file", "ro")
    check(guest.attack(name, "thaw", "/etc/file"), cannot=NESTED)
    assert untouched(volume)


@pytest.mark.parametrize("flag", ["nosuid", "nodev", "noexec"])
def test_other_flags(guest, name, volume, flag):
    guest.bind(volume, "/dir", flag)
    check(guest.attack(name, "thaw", "/dir"), flag, cannot=NESTED)


def test_a_source_that_the_host_has_read_only(guest, name, volume, mounted):
    mounted("--bind", volume, volume)
    mounted("-o", "remount,bind,ro,nosuid", volume)
    guest.bind(volume, "/dir")
    check(guest.attack(name, "thaw", "/dir"), "ro,nosuid", cannot=NESTED)


def test_a_mount_of_the_hosts_below_a_source(guest, name, volume, mounted):
    (volume / "sub").mkdir()
    mounted("--bind", volume / "sub", volume / "sub")
    mounted("-o", "remount,bind,ro", volume / "sub")
    guest.bind(volume, "/dir")
    # It came with the other, and is locked in its place.
    check(guest.attack(name, "thaw", "/dir/sub"), cannot=NESTED)
    assert not list((volume / "sub").iterdir())


def test_below_other_mounts(guest, name, volume, disk):
    (disk / "writable").mkdir()
    guest.bind(disk / "writable", "/dir")
    guest.bind(volume, "/dir/deep/er", "ro")
    guest.spec["mounts"].append({"destination": "/run", "type": "tmpfs",
                                 "source": "tmpfs", "options": ["mode=755"]})
    guest.bind(volume, "/run/secrets", "ro")
    lines = guest.attack(name, "thaw", "/dir/deep/er", "/run/secrets")
    assert len(lines) % 2 == 0
    half = len(lines) // 2
    check(lines[:half], cannot=NESTED)
    check(lines[half:], cannot=NESTED)
    assert untouched(volume)


def test_from_an_exec(guest, name, volume):
    guest.bind(volume, "/dir", "ro")
    guest.start(name, "/probe", "pause")
    check(guest.attack_by_exec(name, "thaw", "/dir"), cannot=NESTED)
    assert untouched(volume)


def test_a_read_only_root(guest, name):
    guest.spec["root"]["readonly"] = True
    lines = guest.attack(name, "thaw", "/")
    check(lines, cannot=("moved", "bind"))
    assert not list(guest.rootfs.rglob("thawed"))


def test_a_read_only_root_without_pivot(guest, name):
    guest.spec["root"]["readonly"] = True
    guest.save(args=["/probe", "thaw", "/"])
    lines = guest("run", "--no-pivot", name).out.splitlines()
    tried = [line.split() for line in lines]
    assert {"itself", "rbind"} <= {line[1] for line in tried
                                   if line[-2] == "EROFS"}
    assert not [line for line in tried if len(line) > 5 and line[4] == "OK"]
    assert not list(guest.rootfs.rglob("thawed"))


def test_after_it_has_been_unmounted(guest, name, volume):
    guest.bind(volume, "/dir", "ro")
    lines = guest.attack(name, "thaw-unmounted", "/dir")
    assert lines[:3] == ["umount OK", "image OK", "descriptor EROFS"]
    assert "there EROFS" in lines
    assert not [line for line in lines[2:]
                if line.endswith(" OK") and line != "setns OK"], lines
    assert untouched(volume)


def test_the_containers_own_mounts_stay_its_own(guest, name):
    """A tmpfs is the container's memory: it may do with it as it likes."""
    guest.spec["mounts"].append({"destination": "/dir", "type": "tmpfs",
                                 "source": "tmpfs", "options": ["nosuid"]})
    lines = guest.attack(name, "thaw", "/dir")
    assert "here itself setattr OK OK -" in lines


def test_nothing_is_left_of_it(guest, name, volume, nothing_left):
    guest.spec["root"]["readonly"] = True
    guest.bind(volume, "/dir", "ro")
    guest.bind("/nowhere", "/tmp/absent", "ro")
    guest.save(args=["/probe", "true"])
    assert guest("run", name, check=False).code != 0
    guest.spec["mounts"].pop()
    guest.save(args=["/absent"])
    assert guest("run", name, check=False).code != 0
    guest.save(args=["/probe", "true"])
    guest("run", name)


class Unyielding(Daemon):
    def arguments(self):
        return [*super().arguments(), "--allow-immutable-unmounts=false"]


@pytest.fixture
def unyielding(binary, disk):
    daemon = Unyielding(binary, str(disk / "data"), str(disk / "log"),
                        disk / "run")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def kept(hosted, unyielding, volume):
    """Has /dir and /file read-only, for good, and /free writable."""
    hosted.globals = ["--manager-socket", unyielding.socket]
    for source, target, options in (
            (volume, "/dir", "ro"), (volume / "file", "/file", "ro"),
            (volume, "/free", "rw")):
        hosted.spec["mounts"].append(
            {"type": "bind", "source": str(source), "destination": target,
             "options": ["rbind", options]})
    return hosted


# Everything prints what it is if it works.
UNMOUNTS = """
mkdir -p /tmp/x /tmp/root
touch /tmp/y
try() { "$@" 2>/dev/null && echo "$*"; }
for path in /dir /file; do
    for option in -v -l -f -i; do try umount $option $path; done
done
try mount --move /dir /tmp/x
try mount --move /file /tmp/y
try sh -c 'cd /dir && umount -l .'
try sh -c 'exec 3</dir && umount -l /proc/self/fd/3'
try nsenter -t 1 -m umount -l /dir
mount --make-rshared /
try unshare -m --propagation shared umount -l /dir
mount --make-rprivate /
try unshare -m umount -l /dir
try unshare -Urm umount -l /dir
try unshare -Urmpf --mount-proc umount -l /dir
mount --rbind / /tmp/root
try umount -l /tmp/root/dir
try chroot /tmp/root umount -l /dir
try unshare -m sh -c 'cd /tmp/root && pivot_root . . && umount -l . &&
                      umount -l /dir'
try rmdir /dir
try mv /dir /elsewhere
umount -l /tmp/root
"""


@pytest.mark.parametrize("read_only_root", [False, True])
def test_where_it_may_not_be_unmounted(kept, name, volume, read_only_root):
    if read_only_root:
        kept.spec["root"]["readonly"] = True
        kept.spec["mounts"].append({"type": "tmpfs", "source": "tmpfs",
                                    "destination": "/tmp"})
    assert kept.shell(UNMOUNTS + """
        mount -t tmpfs cover /dir && ls /dir && umount /dir && echo uncovered
        cat /dir/file /file
        echo x 2>/dev/null >/dir/file; echo x 2>/dev/null >/file
        mount -o remount,bind,rw /dir 2>/dev/null && echo remounted
        umount /free && echo free""", name).out.splitlines() == [
            "uncovered", "untouched" * 2 + "free"]
    assert untouched(volume)


def test_where_an_exec_may_not_unmount_it(kept, name, volume):
    kept.start(name)
    for options in ((), ("-l",)):
        result = kept("exec", name, "umount", *options, "/dir", check=False)
        assert result.code != 0
        assert kept("exec", name, "cat", "/dir/file").out == "untouched"
    kept("delete", "--force", name)


def test_systemd_style_propagation_of_the_root_keeps_it(kept, name):
    for propagation in ("private", "rprivate", "rslave", "rshared",
                        "unbindable"):
        kept.spec["linux"]["rootfsPropagation"] = propagation
        result = kept.shell("umount -l /dir", f"{name}{propagation}",
                            check=False)
        assert result.code != 0, propagation
