"""Nothing in a container's /proc and /sys names the devices, disks, firmware
or other containers of its host; what programs look for there is in place."""

import pathlib
import re
import shutil

import pytest

from harness.command import run

# What the kernel itself is and can do. What is mounted, and where from, is
# told by the mount namespace.
KERNELS_OWN = (r"/sys/module/|/proc/sys/kernel/random/uuid$|/proc/kallsyms$|"
               r"/proc/([0-9]+|self|thread-self)/|/sys/kernel/btf/|"
               r"/proc/config.gz$|/proc/modules$")


def below(path, pattern="*"):
    return {found.name for found in pathlib.Path(path).glob(pattern)}


def first_words(*paths):
    found = set()
    for path in paths:
        for file in pathlib.Path("/").glob(path.lstrip("/")):
            try:
                found.update(file.read_text().split()[:1])
            except (OSError, UnicodeDecodeError):
                continue
    return found


def host_names():
    """What is this host's alone, as its own /sys tells."""
    disks = {name for name in below("/sys/block")
             if not re.match(r"(loop|ram|zram)\d", name)}
    devices = set()
    for bus in ("pci", "pnp", "usb", "scsi", "virtio", "acpi", "nvme", "i2c"):
        devices |= below(f"/sys/bus/{bus}/devices")
    secrets = first_words(
        "/sys/block/*/serial", "/sys/block/*/device/serial", "/sys/block/*/wwid",
        "/sys/class/dmi/id/*_serial", "/sys/class/dmi/id/product_uuid",
        "/sys/class/net/*/address", "/sys/hypervisor/uuid",
        "/proc/sys/kernel/random/boot_id")
    roots = re.findall(r"(?:root|resume)=(\S+)",
                       pathlib.Path("/proc/cmdline").read_text())
    links = below("/sys/class/net") - {"lo", "eth0"}
    names = disks | devices | secrets | set(roots) | links
    common = {"00:00:00:00:00:00", "(none)", "0", "None", "Not"}
    return {name for name in names if len(name) > 2} - common


@pytest.fixture
def box(docker):
    return docker.start_container(options=["--memory", "256m"])


def test_no_name_is_the_hosts(docker, box):
    out = docker.shell(box, "find /proc /sys 2>/dev/null; true")
    names = host_names()
    found = set()
    for path in out.splitlines():
        if not re.match(KERNELS_OWN, path):
            found |= {(path, name) for name in path.split("/")
                      if name in names}
    assert not found


def test_no_link_leads_to_what_is_hidden(docker, box):
    out = docker.shell(box, "find /sys -type l ! -path '/sys/module/*' | "
                            "while read l; do [ -e $l ] || echo "
                            "$l $(readlink $l); done")
    # Of the CPUs and counters that are shown: their kind.
    assert [line for line in out.splitlines()
            if not re.search(r"/(subsystem|driver|firmware_node|node\d+)\b",
                             line)] == []


def test_no_text_is_the_hosts(docker, box):
    names = sorted(name for name in host_names() if len(name) > 5)
    patterns = "\n".join(re.escape(name) for name in names)
    other = docker.start_container()
    out = docker(
        "exec", "-i", box, "sh", "-c",
        "cat > /tmp/p; find /proc /sys -type f 2>/dev/null | "
        f"grep -Ev '^({KERNELS_OWN})' | "
        "timeout 100 xargs grep -lEwf /tmp/p 2>/dev/null",
        input=patterns + "\n" + other[:12], check=False).out
    assert out.split() == []


def test_the_cgroups_of_others_are_not_named(docker, box):
    other = docker.start_container()
    out = docker.shell(box, "find /sys /proc -maxdepth 6 2>/dev/null; "
                            "cat /proc/self/cgroup /proc/1/cgroup")
    assert other[:12] not in out
    assert box[:12] not in out, "nor its own: it is at the root of its own"


@pytest.mark.parametrize("path, text", [
    ("/proc/consoles", ""), ("/proc/iomem", ""), ("/proc/ioports", ""),
    ("/proc/bus/pci/devices", "")])
def test_there_is_no_device(docker, box, path, text):
    assert docker.shell(box, f"cat {path}") == text


def test_the_command_line_names_no_disk(docker, box):
    said = docker.shell(box, "cat /proc/cmdline")
    assert not re.search(r"(root|resume|BOOT_IMAGE|console)=", said)
    on_host = pathlib.Path("/proc/cmdline").read_text().split()
    assert set(said.split()) <= set(on_host)


def test_interrupts_have_the_containers_cpus(docker):
    box = docker.start_container(options=["--cpus", "1"])
    for name in ("interrupts", "softirqs"):
        assert docker.shell(box, f"head -n1 /proc/{name}").split() == ["CPU0"]


def test_what_programs_look_for_is_there(docker, box):
    listed = docker.shell(
        box, "ls -d /sys/class/net/eth0/mtu /sys/class/net/lo/address "
             "/sys/class/dmi/id/product_uuid /sys/devices/virtual/tty/tty0 "
             "/sys/class/tty/tty0/dev /sys/class/mem/null/dev "
             "/sys/bus/pci/devices /sys/class/block /sys/dev/char/1:3/dev "
             "/sys/devices/system/clocksource/clocksource0/current_clocksource "
             "/sys/devices/system/cpu/cpu0/topology/core_id "
             "/sys/fs/cgroup /sys/module /sys/power /proc/fs /proc/irq")
    assert len(listed.split()) == 16


def test_the_kernels_types_are_whole(docker, box):
    """Large, and read by whatever loads a BPF program."""
    types = "/sys/kernel/btf/vmlinux"
    if not pathlib.Path(types).exists():
        pytest.skip("this kernel has no BTF")
    here = run("sha256sum", types).out.split()[0]
    assert docker.shell(box, f"sha256sum {types}").split()[0] == here
    assert " /sys/kernel/" not in docker.shell(box, "cat /proc/mounts")


def test_a_new_sysfs_shows_no_more(docker, box):
    out = docker.shell(
        box, "mkdir /tmp/s; unshare -n sh -c 'mount -t sysfs s /tmp/s && "
             "ls /tmp/s/class/net /tmp/s/devices /tmp/s/bus/pci/devices "
             "/tmp/s/block'; umount /tmp/s; ls /sys/class/net")
    assert "pci0000:00" not in out and "eth0" in out.split()[-2:]
    for name in host_names():
        assert name not in out.split()


TOOLS = {
    "lsblk": "", "lspci": "", "lsmem": None, "lscpu": None, "lsusb": None,
    "udevadm info --export-db": None, "systemd-detect-virt": None,
    "lsscsi": None, "numactl -H": None, "mpstat -P ALL": None,
    "mpstat -I ALL": None, "dmidecode": None,
}


@pytest.mark.parametrize("command", TOOLS)
def test_tools_name_nothing(docker, host_usr, command):
    program = command.split()[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing")
    box = docker.start_container(options=host_usr)
    result = docker("exec", box, "sh", "-c", f"{command} 2>&1", check=False)
    words = set(re.split(r"[\s=:,/]+", result.out)) | set(result.out.split())
    assert not words & host_names(), result.out
    if TOOLS[command] is not None:
        assert result.out == TOOLS[command]


@pytest.fixture
def host_usr():
    """Options that put the host's own tools into a container."""
    options = ["-e", "PATH=/usr/sbin:/usr/bin:/bin", "-e", "LC_ALL=C"]
    for name in ("/usr", "/lib", "/lib64"):
        if pathlib.Path(name).exists():
            options += ["-v", f"{pathlib.Path(name).resolve()}:{name}:ro"]
    return options


def hardware():
    """A terminal line of the host's own; not a disk, which would be usable."""
    for line in sorted(pathlib.Path("/sys/class/tty").glob("ttyS*")):
        if "/virtual/" not in str(line.resolve()):
            return line.name
    pytest.skip("a serial line")


def test_who_is_given_a_device_finds_it(docker):
    name = hardware()
    device = docker.start_container(options=["--device", f"/dev/{name}"])
    found = docker.shell(device, f"cat /sys/class/tty/{name}/dev; "
                                 "ls /sys/devices /sys/block")
    path = pathlib.Path(f"/sys/class/tty/{name}/dev")
    assert found.startswith(path.read_text())
    assert not set(found.split()) & below("/sys/block")
    virtual = docker.start_container(options=["--device", "/dev/net/tun"])
    assert name not in docker.shell(virtual, "ls /sys/class/tty")
