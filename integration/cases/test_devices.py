"""Devices of the host's: `--device`, and what CDI writes into config.json."""

import json
import os

import pytest

from harness import cdi
from harness.command import run

LOOP = "/dev/loop7"


def there(path):
    if not os.path.exists(path):
        pytest.skip(f"the host has no {path}")
    return path


@pytest.mark.parametrize("path", ["/dev/fuse", "/dev/net/tun", "/dev/kvm",
                                  LOOP])
def test_belongs_to_root_with_the_hosts_mode(docker, path):
    mode = oct(os.stat(there(path)).st_mode & 0o777)[2:]
    said = docker.run("stat", "-c", "%u %a %t:%T", path,
                      options=["--device", path])
    on_host = run("stat", "-c", "%t:%T", path).out.strip()
    assert said.out == f"0 {mode} {on_host}\n"


def test_a_network_device_is_made_with_tun(docker):
    there("/dev/net/tun")
    assert "tap7" in docker.run(
        "sh", "-c", "tunctl -t tap7 >/dev/null && ip link show tap7",
        options=["--device", "/dev/net/tun"]).out


def test_fuse_can_be_opened(docker):
    there("/dev/fuse")
    assert docker.run("sh", "-c", "exec 3<>/dev/fuse && echo open",
                      options=["--device", "/dev/fuse"]).out == "open\n"


def test_kvm_as_on_the_host(docker):
    there("/dev/kvm")
    command = ("sh", "-c", "(exec 3<>/dev/kvm) 2>/dev/null; echo $?")
    assert docker.run(*command, options=["--device", "/dev/kvm"]).out == run(
        *command).out


@pytest.fixture
def loop():
    path = there(LOOP)
    if run("losetup", path, check=False).code == 0:
        pytest.skip(f"{path} is in use")
    yield path
    run("losetup", "-d", path, check=False)


def test_a_loop_device_holds_a_file_of_the_containers(docker, loop, disk):
    (disk / "image").write_bytes(b"content".ljust(4096, b"\0"))
    said = docker.run(
        "sh", "-c", f"losetup {loop} /d/image && head -c 7 {loop}; "
        f"losetup -d {loop}",
        options=["--device", loop, "-v", f"{disk}:/d"])
    assert said.out == "content"


def test_only_as_the_cgroup_allows(docker, loop):
    read_only = docker.run(
        "sh", "-c", f"head -c 1 {loop}; (exec 3<>{loop}) && echo written",
        options=["--device", f"{loop}:{loop}:r"], check=False)
    assert "written" not in read_only.out
    assert "not permitted" in read_only.err
    none = docker.run(
        "sh", "-c", f"mknod /x b {os.major(os.stat(loop).st_rdev)} 7 && "
        "(exec 3</x) && echo opened", check=False)
    assert "opened" not in none.out


def test_another_name_and_another_owner(docker):
    """As `--device SOURCE:TARGET`, and a user who is not root."""
    said = docker.run("stat", "-c", "%u %t:%T", "/dev/deep/mine",
                      options=["--device", "/dev/zero:/dev/deep/mine"])
    assert said.out == "0 1:5\n"
    assert docker.run("sh", "-c", "head -c 1 /dev/mine | wc -c",
                      options=["--device", "/dev/zero:/dev/mine", "--user",
                               "1000"]).out.strip() == "1"


HOOK = """#!/bin/sh
# As CDI's hooks do: told of the container on standard input, in its mounts.
cat > {out}
exec ln -s vendor.so.1 usr/lib/vendor.so
"""


def test_what_cdi_writes_into_a_spec(bundle, name, disk, busybox_rootfs):
    """Docker 25 and Podman resolve a CDI device to edits of the spec: nodes,
    cgroup rules, mounts, variables, hooks and further groups."""
    rootfs = disk / "rootfs"
    run("cp", "-a", busybox_rootfs, rootfs)
    (rootfs / "usr/lib").mkdir(parents=True, exist_ok=True)
    (disk / "lib").write_text("library\n")
    hook = disk / "hook"
    hook.write_text(HOOK.format(out=disk / "state"))
    hook.chmod(0o755)
    (disk / "state").touch()
    (disk / "state").chmod(0o666)  # it runs as the container's root
    spec = bundle.spec
    spec["root"]["path"] = str(rootfs)
    spec["linux"]["devices"] = [
        {"path": "/dev/vendor/card0", "type": "c", "major": 1, "minor": 5,
         "fileMode": 0o660, "uid": 0, "gid": 1000},
        {"path": "/dev/vendorctl", "type": "c", "major": 1, "minor": 3}]
    spec["linux"].setdefault("resources", {})["devices"] = [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rw"},
        {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"}]
    spec["mounts"].append({
        "destination": "/usr/lib/vendor.so.1", "source": str(disk / "lib"),
        "options": ["ro", "nosuid", "nodev", "rbind", "rprivate"]})
    spec["hooks"] = {"createContainer": [
        {"path": str(hook), "args": ["vendor-hook", "create-symlinks"],
         "env": ["PATH=/usr/bin:/bin"]}]}
    spec["process"]["env"].append("VENDOR_VISIBLE_DEVICES=0")
    spec["process"]["user"] = {"uid": 1000, "gid": 1001,
                               "additionalGids": [1000, 44]}
    said = bundle.shell(
        "id -G; stat -c '%u:%g %a' /dev/vendor/card0; "
        "head -c 2 /dev/vendor/card0 | wc -c; ls /dev/vendorctl; "
        "cat /usr/lib/vendor.so; echo $VENDOR_VISIBLE_DEVICES; "
        "echo x 2>/dev/null >> /usr/lib/vendor.so.1 || echo read-only", name)
    groups, *rest = said.out.splitlines()
    assert sorted(groups.split()) == ["1000", "1001", "44"]
    assert rest == ["0:1000 660", "2", "/dev/vendorctl", "library", "0",
                    "read-only"]
    assert json.loads((disk / "state").read_text())["id"] == name


def test_a_cdi_device_of_dockers(docker, cdi_device):
    said = docker.run(*cdi.USE, options=["--device", cdi_device],
                      check=False)
    if "could not select device driver" in said.err:
        pytest.skip("this Docker knows no CDI")
    assert said.out == cdi.USED, said
