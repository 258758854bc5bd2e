"""Docker in a system container: all that people do with one."""

import json

import pytest

from harness import images
from harness.systems import InnerImage, boot
from harness.waiting import until

# busybox's httpd as a service in a container.
SERVE = "sh -c 'mkdir /w; echo served >/w/index.html; exec httpd -f -h /w'"


@pytest.fixture(scope="module")
def docker_image(dockerd):
    return images.make_system_image(dockerd, "syscont-docker")


@pytest.fixture(scope="module")
def inner_image(dockerd, workspace):
    return InnerImage(dockerd, workspace)


@pytest.fixture(scope="module")
def engine(dockerd, daemon, docker_image, inner_image):
    """`engine("docker run …")` is typed inside; the image is there."""
    container = boot(dockerd, docker_image, *inner_image.options(),
                     "--hostname", "machine")

    def shell(script, check=True):
        return dockerd.shell(container, script, check=check)

    shell.container = container
    shell(f"docker load -q -i {inner_image.PLACE}")
    yield shell
    dockerd("rm", "-f", container)


@pytest.fixture(autouse=True)
def tidy(engine):
    yield
    engine("docker ps -aq | xargs -r docker rm -f >/dev/null; "
           "docker network prune -f; docker volume prune -f")


def test_it_uses_overlay2_and_is_isolated(dockerd, engine):
    info = json.loads(engine("docker info -f '{{json .}}'"))
    assert info["Driver"] == "overlay2"
    assert info["Name"] == "machine"
    assert info["ContainersRunning"] == 0
    assert info["ID"] != dockerd("info", "-f", "{{.ID}}").out.strip()
    # Root inside, nobody outside.
    assert int(engine("docker run --rm busybox cat /proc/self/uid_map"
                      ).split()[1]) >= 65536


def test_run_exec_pause_logs(engine):
    engine("docker run -d --name app1 busybox sh -c 'echo said; sleep 1000'")
    assert engine("docker exec -u app app1 id -un") == "app\n"
    engine("docker pause app1")
    assert engine("docker inspect -f '{{.State.Status}}' app1") == "paused\n"
    engine("docker unpause app1")
    until(lambda: engine("docker logs app1") == "said\n")
    assert "sleep 1000" in engine("docker top app1")
    engine("docker exec app1 touch /new && docker cp app1:/new /tmp/new")
    assert "A /new" in engine("docker diff app1")
    engine("docker stop -t 0 app1 && docker start app1 && "
           "docker restart -t 0 app1")


def test_limits_and_stats(engine):
    limits = engine(
        "docker run --rm -m 32m --cpus .5 --pids-limit 20 busybox cat "
        "/sys/fs/cgroup/memory/memory.limit_in_bytes "
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/pids/pids.max",
        check=False)
    if limits == "":
        pytest.skip("cgroup v1's controllers are missing")
    assert limits.split() == [str(32 << 20), "50000", "20"]
    engine("docker run -d --name app1 -m 32m busybox sleep 1000")
    assert "/ 32MiB" in engine(
        "docker stats --no-stream --format '{{.MemUsage}}' app1")
    engine("docker update -m 48m --memory-swap 96m app1")
    assert engine("docker exec app1 cat /sys/fs/cgroup/memory/"
                  "memory.limit_in_bytes") == f"{48 << 20}\n"
    assert engine("docker run --rm -m 16m busybox tail /dev/zero; echo $?",
                  check=False) == "137\n"


def test_networks_as_compose_makes_them(engine):
    engine("docker network create net && "
           "docker run -d --net net --network-alias web -p 8080:80 busybox "
           + SERVE)
    until(lambda: engine("busybox wget -qO- http://127.0.0.1:8080/",
                         check=False) == "served\n")
    # By name, from the inner engine's DNS.
    assert engine("docker run --rm --net net busybox wget -qO- http://web/"
                  ) == "served\n"
    assert engine("docker run --rm --net host busybox hostname"
                  ) == "machine\n"
    assert engine("docker run --rm --net none busybox ip -o link"
                  ).count("\n") == 1


def test_published_ports_reach_the_network_outside(dockerd, engine):
    engine("docker run -d -p 8081:80 busybox " + SERVE)
    address = dockerd.inspect(
        engine.container,
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    until(lambda: dockerd.run("wget", "-qO-", f"http://{address}:8081/",
                              check=False).out == "served\n")


def test_volumes_and_binds(engine):
    engine("docker run --rm -v vol:/v busybox sh -c 'echo a >/v/x; "
           "chown 33:44 /v/x'")
    assert engine("docker run --rm -v vol:/v busybox ls -ln /v/x"
                  ).split()[2:4] == ["33", "44"]
    engine("mkdir -p /srv/b && echo b >/srv/b/x")
    assert engine("docker run --rm -v /srv/b:/b:ro busybox cat /b/x") == "b\n"
    assert "Read-only" in engine(
        "docker run --rm -v /srv/b:/b:ro busybox touch /b/y 2>&1", check=False)
    engine("docker run --rm --tmpfs /t --read-only busybox touch /t/x")


def test_mounts_propagate_between_containers(engine):
    """What Kubernetes' storage drivers do: Bidirectional."""
    engine("mkdir -p /srv/p && docker run --rm --privileged "
           "-v /srv/p:/p:rshared busybox sh -c 'mkdir /p/m && "
           "mount -t tmpfs m /p/m && touch /p/m/x'")
    assert engine("ls /srv/p/m; umount /srv/p/m") == "x\n"


@pytest.mark.parametrize("buildkit", [0, 1])
def test_build(engine, buildkit):
    engine(f"""
        mkdir -p /srv/ctx && cd /srv/ctx && echo {buildkit} >copied
        printf '%s\\n' 'FROM busybox AS one' 'RUN id -u >/id' 'FROM busybox' \
          'COPY --from=one /id /id' 'COPY copied /' \
          'RUN chown 33:44 /copied && ln -s /id /link' 'USER 1000' >Dockerfile
        DOCKER_BUILDKIT={buildkit} docker build -q -t built . 2>&1""")
    assert engine("docker run --rm built sh -c "
                  "'id -u; cat /link /copied; ls -ln /copied'"
                  ).split()[:3] == ["1000", "0", str(buildkit)]
    engine("docker save built | docker load && docker rmi built")


def test_privileged_reaches_nothing_beyond(engine):
    def privileged(script):
        return engine("docker run --rm --privileged busybox sh -c "
                      f"'{script}'", check=False)

    assert privileged("mount -t tmpfs x /tmp && echo mounted") == "mounted\n"
    assert int(privileged("cat /proc/1/uid_map").split()[1]) >= 65536
    # No disk of the host's, nor a way to make one up.
    assert privileged("ls /dev | grep -E ^[svx]d[a-z]") == ""
    assert privileged("mknod /tmp/d b 8 0 2>/dev/null && cat /tmp/d") == ""
    before = open("/proc/sys/vm/swappiness").read()
    privileged("echo 7 >/proc/sys/vm/swappiness")
    assert open("/proc/sys/vm/swappiness").read() == before
    assert privileged("echo h >/proc/sysrq-trigger || echo no") == "no\n"
    assert "systemd" in engine(
        "docker run --rm --privileged --pid=host busybox ps")


def test_docker_in_docker_in_docker(engine, inner_image):
    """A third one in a privileged container of the second."""
    out = engine("""
        tar -C / -c bin sbin lib lib64 etc | docker import - third >/dev/null
        docker run --rm --privileged --tmpfs /run --tmpfs /tmp \
          -v /usr:/usr:ro -v third:/var/lib/docker \
          -v %s:/inner.tar:ro third bash -euc '
            dockerd >/tmp/log 2>&1 &
            for i in $(seq 300); do
              docker info >/dev/null 2>&1 && break
              sleep 0.1
            done
            docker info -f "{{.Driver}}" || { cat /tmp/log; exit 1; }
            docker load -qi /inner.tar >/dev/null
            docker run --rm --privileged busybox \
              sh -c "mount -t tmpfs x /tmp && echo third"
            kill %%1
            wait'""" % inner_image.PLACE)
    assert out == "overlay2\nthird\n"


@pytest.fixture
def default_runtime(dockerd):
    dockerd.reload({"default-runtime": "sysbox-runc"})
    until(lambda: dockerd("info", "-f", "{{.DefaultRuntime}}"
                          ).out == "sysbox-runc\n")
    yield
    dockerd.reload({"default-runtime": "runc"})
    until(lambda: dockerd("info", "-f", "{{.DefaultRuntime}}").out == "runc\n")


def test_images_built_in_on_the_host(dockerd, docker_image, inner_image, disk,
                                     default_runtime):
    """`docker build` with this runtime as the default: RUN starts a dockerd,
    and what it loads is in the image."""
    (disk / "inner.tar").hardlink_to(inner_image.file)
    (disk / "Dockerfile").write_text(f"""
        FROM {docker_image}
        COPY inner.tar /
        RUN dockerd >/log 2>&1 & until docker info >/dev/null 2>&1; \\
            do sleep 0.1; done; docker load -qi /inner.tar && \\
            kill $(cat /var/run/docker.pid) && wait && rm /inner.tar /log
        """)
    dockerd("build", "-q", "-t", "preloaded", disk)
    container = boot(dockerd, "preloaded")
    try:
        assert dockerd.shell(
            container, "docker run --rm busybox id -u") == "0\n"
    finally:
        dockerd("rm", "-f", container)
        dockerd("rmi", "preloaded")
