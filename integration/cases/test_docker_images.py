"""Images: many layers, many files."""

import hashlib
import io
import json
import tarfile
import time

import pytest


def add(tar, name, data, mode=0o644):
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), mode
    tar.addfile(member, io.BytesIO(data))


def layer(files):
    """A layer's tar: [(name, text, uid)]"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text, uid in files:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o644
            member.uid = member.gid = uid
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def make_image(docker, path, name, first_layer, layers):
    """`docker load`s an image made of `first_layer` and further tars."""
    blobs = [first_layer, *layers]
    ids = ["sha256:" + hashlib.sha256(blob).hexdigest() for blob in blobs]
    config = json.dumps({"architecture": "amd64", "os": "linux",
                         "config": {"Cmd": ["sh"]},
                         "rootfs": {"type": "layers", "diff_ids": ids}})
    with tarfile.open(path, "w") as tar:
        for i, blob in enumerate(blobs):
            add(tar, f"{i}/layer.tar", blob)
        add(tar, "config.json", config.encode())
        add(tar, "manifest.json", json.dumps([{
            "Config": "config.json", "RepoTags": [f"{name}:latest"],
            "Layers": [f"{i}/layer.tar" for i in range(len(blobs))],
        }]).encode())
    docker("load", "-i", path)


def busybox_layer(rootfs):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(rootfs, arcname=".")
    return out.getvalue()


@pytest.fixture
def image(docker, disk, busybox_rootfs):
    made = []

    def make(name, layers):
        make_image(docker, disk / f"{name}.tar", name,
                   busybox_layer(busybox_rootfs), layers)
        made.append(name)
        return name

    yield make
    docker.remove_all()
    docker("rmi", "-f", *made)


def test_a_hundred_layers(docker, image):
    image("hundred", [
        layer([(f"l/{i}", f"{i}\n", i), ("l/last", f"{i}\n", 1000)])
        for i in range(99)])
    container = docker.start_container(image="hundred")
    said = docker.shell(container, "ls /l | wc -l; cat /l/last /l/0 /l/98; "
                        "stat -c %u /l/0 /l/98 /l/last")
    assert said.split() == ["100", "98", "0", "98", "0", "98", "1000"]
    said = docker.shell(container, "echo x >> /l/50; rm /l/51; "
                        "stat -c %u /l/50; ls /l | wc -l")
    assert said.split() == ["50", "99"]
    docker("stop", "-t", "0", container)
    assert {"C /l/50", "D /l/51"} <= set(
        docker("diff", container).out.splitlines())
    docker("restart", "-t", "0", container)
    assert docker.shell(container, "ls /l | wc -l") == "99\n"


def best_time(docker, name, runs=3):
    times = []
    for _ in range(runs):
        container = docker("create", "--runtime", "sysbox-runc", name,
                           "true").out.strip()
        start = time.monotonic()
        docker("start", "-a", container)
        times.append(time.monotonic() - start)
    return min(times)


def test_start_time_does_not_grow_with_the_files(docker, image):
    image("many", [layer([(f"many/{i % 250}/{i}", "", i % 3000)
                          for i in range(50000)])])
    small, large = best_time(docker, "busybox"), best_time(docker, "many")
    # Chowning 50,000 files takes seconds.
    assert large < 2 * small + 0.3, (small, large)
    said = docker.run("sh", "-c", "find /many -type f | wc -l; "
                      "stat -c %u /many/7/1257", image="many")
    assert said.out.split() == ["50000", "1257"]


def test_an_image_made_with_it_serves_both_runtimes(docker):
    container = docker.start_container(
        "sh", "-c", "echo made:x:70:70::/:/bin/sh >> /etc/passwd; "
        "su made -c 'id -un > /tmp/who'")
    assert docker("wait", container).out == "0\n"
    docker("commit", "-c", "USER made", "-c", 'CMD ["cat", "/tmp/who"]',
           container, "made")
    for runtime in ("sysbox-runc", "runc"):
        said = docker.run(image="made", runtime=runtime)
        assert said.out == "made\n", runtime
    docker("rmi", "-f", "made")
