"""Calls that a container may make of the machine, one by one as trap/README.md
has them; and that nobody's calls hold up another's."""

import os
import pathlib
import shutil
import time

import pytest

from harness.calls import CALL, python
from harness.waiting import until

def test_a_module_that_the_host_has_counts_as_loaded(hosted, name):
    present = sorted(os.listdir("/sys/module"))[0]
    script = f"""
for module in ("{present}", "no_such_module_here"):
    path = "/tmp/%s.ko" % module
    open(path, "w").close()
    call("finit", 313, os.open(path, os.O_RDONLY), b"", 0)
    image = b"\\x7fELF.." + b"\\0name=%s\\0" % module.encode()
    call("init", 175, image, len(image), b"")
    call("delete", 176, module.encode(), os.O_NONBLOCK)
"""
    refused = "Operation not permitted"
    *calls, absent = python(hosted, name, script)
    # Some kernels cannot unload.
    delete = calls.pop(2)
    assert delete in (f"delete {refused}", "delete Function not implemented")
    assert absent == delete
    assert calls == ["finit 0", "init 0", f"finit {refused}",
                     f"init {refused}"]
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    for path in (rootfs / "tmp").iterdir():
        path.unlink()
    assert set(python(hosted, f"{name}b", script, "app")) == {
        f"finit {refused}", f"init {refused}", delete}


def test_a_large_module_is_found_wherever_its_name_is(hosted, name):
    present = sorted(os.listdir("/sys/module"))[0]
    assert set(python(hosted, name, f"""
for at in (256 << 10) - 3, (256 << 10) - len("{present}"), (3 << 20) + 7:
    image = b"\\x7fELF".ljust(at, b"x") + b"\\0name={present}\\0"
    call("init", 175, image, len(image), b"")
""")) == {"init 0"}


def test_what_only_the_hosts_root_may(hosted, name):
    refused = "Operation not permitted"
    assert python(hosted, name, """
call("swapoff", 168, b"/none")
call("swapon", 167, b"/none", 0)
call("quotactl", 179, 0x800002 << 8, b"/dev/none", 0, 0)
program = ctypes.create_string_buffer(128)
call("bpf", 321, 5, program, 128)
call("console", 103, 7, 0, 0)
""") == ["swapoff 0", f"swapon {refused}", "quotactl No such file or directory",
         f"bpf {refused}", f"console {refused}"]
    assert python(hosted, f"{name}b", 'call("swapoff", 168, b"/none")',
                  "app") == [f"swapoff {refused}"]


def test_pointers_to_nowhere_are_told_of(hosted, name):
    """As the kernel says it, and in its order."""
    assert python(hosted, name, """
nowhere, end = ctypes.c_void_p(16), ctypes.c_void_p(2**64 - 4096)
call("read log", 103, 3, end, 100)
call("read no log", 103, 3, None, 100)
call("read little", 103, 3, end, 0)
call("what of it", 103, 77, None, 0)
call("swapoff nowhere", 168, nowhere)
call("swapoff nothing", 168, b"")
call("swapoff far", 168, b"/" + 5000 * b"x")
""") == ["read log Bad address", "read no log Invalid argument",
         "read little 0", "what of it Invalid argument",
         "swapoff nowhere Bad address",
         "swapoff nothing No such file or directory",
         "swapoff far File name too long"]
    refused = "Operation not permitted"
    assert python(hosted, f"{name}b", """
call("what of it", 103, 77, None, 0)
call("swapoff", 168, ctypes.c_void_p(16))
""", "app") == [f"what of it {refused}", f"swapoff {refused}"]


def test_a_procfs_is_mounted_as_it_was_asked_for(hosted, name):
    assert python(hosted, name, """
nowhere = ctypes.c_void_p(16)
def shown():
    (line,) = [l for l in open("/proc/self/mounts") if " /tmp proc" in l]
    print(line.split()[0], *line.split()[3].split(","))
    libc.umount2(b"/tmp", 2)
def mount(name, *arguments):
    if call(name, 165, *arguments) == 0: shown()
proc = (b"/tmp", b"proc", 0)
mount("named", b"another-name", *proc, None)
mount("unnamed", None, *proc, None)
mount("long", 1000 * b"x", *proc, None)
mount("filled", b"proc", *proc, b"hidepid=2".ljust(6000, b","))
mount("unknown", b"proc", *proc, b"x" * 6000)
mount("no source", nowhere, *proc, None)
mount("no target", b"proc", nowhere, b"proc", 0, None)
mount("no type", b"proc", b"/tmp", nowhere, 0, None)
mount("no data", b"proc", *proc, nowhere)
""") == ["named 0", "another-name rw relatime",
         "unnamed 0", "none rw relatime",
         "long 0", "proc rw relatime",
         "filled 0", "proc rw relatime hidepid=invisible",
         "unknown Invalid argument",
         "no source Bad address", "no target Bad address",
         "no type Bad address", "no data Bad address"]


def test_a_restart_ends_the_container_and_nothing_else(hosted, name):
    started = time.monotonic()
    result = hosted.shell("/bin/reboot -f; sleep 100", name, check=False)
    assert result.code == 129  # SIGHUP, as the kernel tells of a restart
    assert time.monotonic() - started < 50


def test_namespaces_are_joined_as_the_kernel_permits(hosted, name):
    said = hosted.shell("""
        unshare -n -u -i -m -p -f --mount-proc sleep 1000 &
        until child=$(pgrep -x sleep); do :; done
        nsenter -t $child -n -u -i -m -p sh -c 'hostname there; ps -o comm'
        hostname; kill $child""", name)
    assert "sleep" in said.out and "there" not in said.out.split(), said


@pytest.fixture
def half(hosted):
    """A bundle with a share of CPU time that is worth one CPU."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU: nothing to leave out")
    hosted.spec["linux"].setdefault("resources", {})["cpu"] = {
        "quota": 50000, "period": 100000}
    return hosted


def test_counts_of_processors_agree_where_they_are_read(half, name):
    said = half.shell(
        "getconf _NPROCESSORS_ONLN; nproc; /bin/su app -c nproc; "
        "grep -c ^processor /proc/cpuinfo; "
        "unshare -Urmpf --mount-proc nproc; "
        "unshare -pf sh -c 'taskset -p $$' | sed 's/.*: //'; "
        "python3 -c 'import os; print(len(os.sched_getaffinity(0)), "
        "len(os.sched_getaffinity(1)))'", name).out.split()
    assert said == ["1"] * 8


def test_without_a_share_the_set_is_the_kernels(hosted, name):
    said = hosted.shell("nproc; getconf _NPROCESSORS_ONLN", name).out.split()
    assert said == [str(len(os.sched_getaffinity(0)))] * 2


def test_a_thread_that_is_pinned_reads_back_where(half, name):
    last = max(os.sched_getaffinity(0))
    assert python(half, name, f"""
os.sched_setaffinity(0, [{last}])
print(sorted(os.sched_getaffinity(0)))
child = os.fork()
if child == 0:
    import signal
    signal.pause()
print(sorted(os.sched_getaffinity(child)))
os.kill(child, 9)
os.waitpid(child, 0)
try:
    os.sched_getaffinity(child)
except ProcessLookupError as error:
    print(error.strerror)
call("short", 204, 0, 4, b"")
call("nowhere", 204, 0, 128, None)
call("nobody", 204, -5, 128, None)
""") == [f"[{last}]", f"[{last}]", "No such process",
         "short Invalid argument", "nowhere Bad address",
         "nobody No such process"]


def test_threads_run_wherever_they_may_all_the_same(half, name):
    """The answer is shorter; nothing is moved."""
    allowed = half.shell("grep Cpus_allowed: /proc/self/status", name).out
    assert bin(int(allowed.split()[1].replace(",", ""), 16)).count("1") == len(
        os.sched_getaffinity(0))


# Paths in a file system that does not answer any more.
STALL = """
import signal, subprocess, threading
for directory in ("from", "to", "upper", "work", "over"):
    os.makedirs("/tmp/" + directory)
for number in range(30):
    os.makedirs("/tmp/from/%d" % number)
subprocess.run(["sh", "-c", "rm -f /dev/fuse; mknod -m 666 /dev/fuse c 10 229"])
server = subprocess.Popen(["bindfs", "-f", "/tmp/from", "/tmp/to"])
while not os.path.exists("/tmp/to/0"): pass
# FUSE itself hears nobody from outside; an overlay asks in its maker's name.
subprocess.run(["mount", "-t", "overlay", "-o", "userxattr,lowerdir=/tmp/to,"
                "upperdir=/tmp/upper,workdir=/tmp/work", "o", "/tmp/over"],
               check=True)
server.send_signal(signal.SIGSTOP)
def stall(number):
    libc.mknod(b"/tmp/over/%d/x" % number, 0o20666, 0x103)
for number in range(30):
    threading.Thread(target=stall, args=(number,), daemon=True).start()
print("stalled", flush=True)
signal.pause()
"""


def threads(daemon):
    return len(os.listdir(f"/proc/{daemon.worker()}/task"))


def test_one_container_cannot_hold_up_another(hosted, bundle, name, daemon):
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is missing")
    bundle.shell("uptime", f"{name}a")  # there are threads now
    idle = threads(daemon)
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "call.py").write_text(CALL + STALL)
    hosted.start(name, "python3", "/call.py")
    until(lambda: "stalled" in (hosted.path / "output").read_text())
    until(lambda: threads(daemon) >= idle + 4)
    script = """
        i=0; while [ $i -lt 100 ]; do
            i=$((i + 1)); mknod /tmp/n c 1 3 && rm /tmp/n && uptime > /dev/null
        done; mkdir -p /tmp/q && mount -t proc p /tmp/q && umount /tmp/q
        echo done"""
    started = time.monotonic()
    assert bundle.shell(script, f"{name}b").out == "done\n"
    assert time.monotonic() - started < 30
    # Eight at a time, and those that wait for more.
    assert threads(daemon) <= idle + 8 + 4
    # Else its own processes wait for that one, too.
    hosted("exec", name, "sh", "-c", "kill -9 $(pidof bindfs)")
    hosted("kill", name, "KILL")
    until(lambda: threads(daemon) <= idle + 2)
