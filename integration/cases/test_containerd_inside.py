"""containerd in a system container, and what Kubernetes asks of a node."""

import pytest

from harness import images
from harness.systems import InnerImage, boot, health

IMAGE = "docker.io/library/busybox:latest"

CNI = """{"cniVersion": "0.4.0", "name": "net", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}"""

# What kubelet sets (--protect-kernel-defaults checks) and kube-proxy.
KUBELETS_SYSCTLS = {
    "kernel.panic": 10, "kernel.panic_on_oops": 1,
    "kernel.keys.root_maxkeys": 1000000, "kernel.keys.root_maxbytes": 25000000,
    "vm.overcommit_memory": 1, "vm.panic_on_oom": 0,
    "net.ipv4.ip_forward": 1, "net.ipv4.conf.all.route_localnet": 1,
    "net.netfilter.nf_conntrack_max": 131072,
}


@pytest.fixture(scope="module")
def node(dockerd, daemon, workspace):
    """`node("ctr …")` is typed inside."""
    image = images.make_system_image(dockerd, "syscont-containerd")
    inner = InnerImage(dockerd, workspace)
    container = boot(dockerd, image, *inner.options())

    def shell(script, check=True):
        return dockerd.shell(container, script, check=check)

    shell.health = lambda: health(dockerd, container)
    for namespace in ("default", "k8s.io"):
        shell(f"ctr -n {namespace} images import {inner.PLACE}")
    yield shell
    dockerd("rm", "-f", container)


def test_ctr(node):
    assert node(f"ctr run --rm {IMAGE} a id -u") == "0\n"
    assert node(f"ctr -n k8s.io run --rm {IMAGE} a id -u") == "0\n"
    assert node("ctr plugins ls | awk '$2 == \"overlayfs\" { print $4 }'"
                ) == "ok\n"
    node(f"ctr run -d {IMAGE} a sleep 1000")
    assert node("ctr tasks exec --exec-id e a hostname").strip() != ""
    node("ctr tasks pause a && ctr tasks resume a && ctr tasks metrics a")
    node("ctr tasks rm -f a && ctr containers rm a")
    assert node(f"ctr run --rm --privileged {IMAGE} a sh -c "
                "'mount -t tmpfs x /tmp && echo mounted'") == "mounted\n"


def test_its_cri_is_ready(node):
    """The plugin that kubelet talks to refuses hosts that miss something."""
    assert node("ctr plugins ls | awk '$2 == \"cri\" { print $4 }'") == "ok\n"
    assert node.health() == ("running", "")


def test_a_pod_is_a_shared_sandbox(node):
    """As CRI makes one: a pause container, whose namespaces others join, in
    cgroups of kubelet's."""
    node(f"ctr -n k8s.io run -d --cgroup /kubepods/pod1/pause {IMAGE} pause "
         "sleep 1000")
    pid = node("ctr -n k8s.io tasks ls | awk '$1 == \"pause\" { print $2 }'"
               ).strip()
    joined = " ".join(f"--with-ns {kind}:/proc/{pid}/ns/{file}" for kind, file
                      in (("network", "net"), ("ipc", "ipc"), ("uts", "uts"),
                          ("pid", "pid")))
    assert node(f"ctr -n k8s.io run --rm --cgroup /kubepods/pod1/app {joined} "
                f"{IMAGE} app ps -o comm").splitlines()[1] == "sleep"
    assert "/kubepods/pod1/pause" in node(f"cat /proc/{pid}/cgroup")
    node("ctr -n k8s.io tasks rm -f pause; ctr -n k8s.io containers rm pause")


def test_sysctls_of_kubelet(node):
    host = open("/proc/sys/kernel/panic").read()
    for key, value in KUBELETS_SYSCTLS.items():
        node(f"sysctl -w {key}={value}")
        assert node(f"sysctl -n {key}") == f"{value}\n", key
    assert open("/proc/sys/kernel/panic").read() == host


def test_kubelets_mounts(node):
    """Volumes below its directory, shared both ways with a CSI driver."""
    node("""
        set -e
        mkdir -p /var/lib/kubelet/pods/a/vol
        mount -t tmpfs vol /var/lib/kubelet/pods/a/vol
        touch /var/lib/kubelet/pods/a/vol/x
        findmnt -no PROPAGATION / | grep -q shared
        findmnt -no PROPAGATION /var/lib/kubelet | grep -q shared""")
    kubelet = ("--mount type=bind,src=/var/lib/kubelet,dst=/var/lib/kubelet,"
               "options=rbind:rshared --rootfs-propagation rshared")
    assert node(f"ctr run --rm --privileged {kubelet} {IMAGE} csi sh -c '"
                "ls /var/lib/kubelet/pods/a/vol; cd /var/lib/kubelet/pods && "
                "mkdir -p b && mount -t tmpfs b b && touch b/made'") == "x\n"
    assert node("ls /var/lib/kubelet/pods/b") == "made\n"
    node("umount /var/lib/kubelet/pods/a/vol /var/lib/kubelet/pods/b")


def test_kernel_log_of_kubelet(node):
    """It opens /dev/kmsg at its start, and gives up without."""
    node("exec 3</dev/kmsg")


def test_cgroups_nest(node):
    """What kubelet makes for pods, within the container's own limits."""
    if node("ls /sys/fs/cgroup/memory", check=False) == "":
        pytest.skip("cgroup v1's memory controller is missing")
    node("""
        set -e
        for c in memory cpu pids; do
          mkdir -p /sys/fs/cgroup/$c/kubepods/burstable/pod1
        done
        echo 64M >/sys/fs/cgroup/memory/kubepods/memory.limit_in_bytes
        echo 50000 >/sys/fs/cgroup/cpu/kubepods/burstable/cpu.cfs_quota_us
        echo 9 >/sys/fs/cgroup/pids/kubepods/burstable/pod1/pids.max
        for c in memory cpu pids; do
          rmdir /sys/fs/cgroup/$c/kubepods/burstable/pod1
        done""")
