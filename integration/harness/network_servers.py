"""An NFS and an SMB server, in the run's own network namespace, each with one
directory; and containers that reach them."""

import contextlib
import pathlib
import shutil
import socket
import subprocess

import pytest

from harness.command import run
from harness.private_world import die_with_parent
from harness.waiting import until

ADDRESS, CLIENT = "192.0.2.1", "192.0.2.2"
PASSWORD = "secret"
NFSD = pathlib.Path("/proc/fs/nfsd")
PIPES = pathlib.Path("/run/rpc_pipefs")


def connect(pid):
    """A link from the servers to the network namespace of `pid`. It goes with
    that."""
    inside = ("nsenter", "--target", pid, "--net", "ip")
    run("ip", "link", "add", "veth-server", "type", "veth", "peer", "name",
        "eth0", "netns", pid)
    run("ip", "address", "add", f"{ADDRESS}/30", "dev", "veth-server")
    run("ip", "link", "set", "veth-server", "up")
    run(*inside, "address", "add", f"{CLIENT}/30", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")


def need_filesystem(name):
    run("modprobe", name, check=False)
    known = pathlib.Path("/proc/filesystems").read_text().split()
    if name not in known:
        pytest.skip(f"this kernel has no {name}")


@contextlib.contextmanager
def program(*args, log):
    # In a session of its own: smbd, when it ends, ends its process group.
    with open(log, "ab") as output:
        process = subprocess.Popen(
            list(map(str, args)), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, preexec_fn=die_with_parent, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextlib.contextmanager
def mounted(kind, place):
    run("mount", "-t", kind, kind, place)
    try:
        yield
    finally:
        run("umount", place)


@contextlib.contextmanager
def nfs(disk, directory):
    """NFS 4.2. Root of a client is not squashed."""
    need("rpc.nfsd", "rpc.mountd", "exportfs", "nfsdcld")
    need_filesystem("nfsd")
    with contextlib.ExitStack() as stack:
        stack.enter_context(mounted("nfsd", NFSD))
        state = pathlib.Path("/var/lib/nfs")
        stack.enter_context(mounted("tmpfs", state))
        for name in ("etab", "rmtab"):
            (state / name).touch()
        # It remembers clients: without any, nobody has locks to claim, and
        # the server does not wait for them for 90 s.
        PIPES.mkdir()
        stack.enter_context(mounted("rpc_pipefs", PIPES))
        stack.enter_context(program(
            "nfsdcld", "--foreground", "--pipefsdir", PIPES, "--storagedir",
            state / "nfsdcld", log=disk / "nfsdcld.log"))
        stack.enter_context(program(
            "rpc.mountd", "--foreground", "--no-nfs-version", "2",
            "--no-nfs-version", "3", log=disk / "mountd.log"))
        stack.callback(run, "exportfs", "-au")
        run("exportfs", "-o", "rw,no_root_squash,no_subtree_check,fsid=0",
            f"{CLIENT}:{directory}")
        stack.callback(run, "rpc.nfsd", "0")
        run("rpc.nfsd", "--no-nfs-version", "3", "--no-udp", "2")
        yield


SMB_CONFIGURATION = """
[global]
server role = standalone server
disable netbios = yes
smb ports = 445
load printers = no
log file = {disk}/smbd.log
passdb backend = tdbsam:{disk}/passdb.tdb
{directories}
[share]
path = {directory}
read only = no
"""
SMB_DIRECTORIES = ("private dir", "lock directory", "state directory",
                   "cache directory", "pid directory", "ncalrpc dir")


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def smb(disk, directory):
    """SMB 3. Who comes is the server's root, with PASSWORD."""
    need("smbd", "smbpasswd")
    configuration = disk / "smb.conf"
    configuration.write_text(SMB_CONFIGURATION.format(
        disk=disk, directory=directory, directories="\n".join(
            f"{key} = {disk}/smbd" for key in SMB_DIRECTORIES)))
    (disk / "smbd").mkdir(mode=0o700)
    run("smbpasswd", "-c", configuration, "-a", "-s", "root",
        input=f"{PASSWORD}\n{PASSWORD}\n")
    with program("smbd", "--foreground", "--no-process-group",
                 f"--configfile={configuration}", log=disk / "smbd.out"):
        until(lambda: answers(445), seconds=60)
        yield
