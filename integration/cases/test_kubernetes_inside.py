"""Pods in a system container that is a node: containerd by Kubernetes' own
interface, as kubelet and crictl call it."""

import pytest

from harness import images
from harness.systems import boot
from harness.waiting import until

grpc = pytest.importorskip("grpc", reason="python3-grpcio is missing")
from harness.cri import Cri  # noqa: E402

PAUSE = "registry.k8s.io/pause:3.6"  # what containerd 1.6 asks for
APP = "docker.io/library/app:latest"

CNI = """{"cniVersion": "0.4.0", "name": "net", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}"""


# For hosts whose root has no CAP_SYS_RESOURCE: a pause container's is -998.
RESTRICT_OOM_SCORE = """version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true"""


def may_lower_oom_score(docker, container):
    return docker("exec", container, "sh", "-c",
                  "echo -998 >/proc/self/oom_score_adj", check=False
                  ).code == 0


@pytest.fixture(scope="module")
def images_file(dockerd, workspace):
    """A pause image, which has a command of its own, and an application's."""
    box = dockerd("create", "busybox", "true").out.strip()
    for image, change in ((PAUSE, 'CMD ["/bin/sleep", "100000"]'),
                          (APP, "ENV PATH=/bin")):
        dockerd("commit", "--change", change, box, image)
    dockerd("rm", box)
    file = workspace / "pods.tar"
    dockerd("save", "-o", file, PAUSE, APP)
    file.chmod(0o644)
    yield file
    dockerd("rmi", PAUSE, APP)


@pytest.fixture(scope="module")
def node(dockerd, daemon, images_file):
    container = boot(
        dockerd, images.make_system_image(dockerd, "syscont-containerd"),
        "-v", f"{images_file}:/pods.tar:ro", "--hostname", "node")
    dockerd.shell(container, f"""
        set -e
        ctr -n k8s.io images import /pods.tar >/dev/null
        mkdir -p /etc/cni/net.d /opt/cni
        ln -s /usr/lib/cni /opt/cni/bin
        echo '{CNI}' >/etc/cni/net.d/net.conflist""")
    if not may_lower_oom_score(dockerd, container):
        dockerd.shell(container, f"""
            mkdir -p /etc/containerd
            echo '{RESTRICT_OOM_SCORE}' >/etc/containerd/config.toml
            systemctl restart containerd""")
    yield container
    dockerd("rm", "-f", container)


@pytest.fixture(scope="module")
def cri(dockerd, node):
    cri = Cri(f"/proc/{dockerd.pid(node)}/root/run/containerd/containerd.sock")

    def network_is_ready():
        conditions = cri("Status", {})
        return conditions[1][0].count(b"NetworkReady\x10\x01") == 1

    until(network_is_ready)
    yield cri
    cri.close()


@pytest.fixture
def pod(cri):
    pod = cri.run_pod("one")
    yield pod
    cri.remove_pod(pod[0])


def test_a_pod_with_two_containers(dockerd, node, cri, pod):
    serve = "mkdir /w; echo served >/w/index.html; exec httpd -f -h /w"
    cri.run_container(pod, "web", APP, ["sh", "-c", serve])
    app = cri.run_container(pod, "app", APP, ["sleep", "1000"])
    assert cri.exec(app, "hostname") == "one\n"
    until(lambda: cri.exec(app, "sh", "-c",
                           "wget -qO- http://127.0.0.1/ || true"
                           ) == "served\n")
    address = cri.exec(app, "sh", "-c", "ip -o -4 addr show eth0").split()[3]
    assert address.startswith("10.88.")
    assert dockerd.shell(node, "busybox wget -qO- http://" +
                         address.split("/")[0]) == "served\n"
    assert "/kubepods/one/" in dockerd.shell(
        node, "cat /proc/$(pgrep -f 'sleep 1000$')/cgroup")


def test_limits_and_volumes(dockerd, node, cri, pod):
    dockerd.shell(node, "mkdir -p /var/lib/kubelet/pods/v && "
                  "echo data >/var/lib/kubelet/pods/v/file")
    volume = {1: "/v", 2: "/var/lib/kubelet/pods/v", 3: 1}
    limits = {1: 100000, 2: 50000, 4: 64 << 20}
    app = cri.run_container(pod, "app", APP, ["sleep", "1000"],
                            {7: volume, 15: {1: limits}})
    assert cri.exec(app, "cat", "/v/file") == "data\n"
    assert cri.exec(app, "sh", "-c", "touch /v/x 2>/dev/null || echo no"
                    ) == "no\n"
    limit = cri.exec(app, "sh", "-c", "cd /sys/fs/cgroup; cat memory.max "
                     "memory/memory.limit_in_bytes 2>/dev/null || true")
    if limit == "":
        pytest.skip("the memory controller is missing")
    assert limit == f"{64 << 20}\n"


def test_a_privileged_pod(dockerd, node, cri):
    """As drivers of networks and volumes are; it shares the node's network."""
    pod = cri.run_pod("driver", {2: "", 8: {1: "/kubepods/driver",
                                     2: {1: {1: 2}, 6: 1}}})
    app = cri.run_container(pod, "app", APP, ["sleep", "1000"],
                            {15: {2: {2: 1, 3: {1: 2}}}})
    assert cri.exec(app, "hostname") == "node\n"
    assert cri.exec(app, "sh", "-c", "mount -t tmpfs t /tmp && ip link add "
                    "b0 type bridge && ip link del b0 && echo done") == "done\n"
    cri.remove_pod(pod[0])
    assert dockerd.shell(node, "ctr -n k8s.io tasks ls -q") == ""
