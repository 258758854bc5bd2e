"""systemd as process 1, however it is started: boots, serves, shuts down."""

import pytest

from harness import images
from harness.systems import await_boot, boot, health
from harness.waiting import until

SSH = ("ssh -o StrictHostKeyChecking=no -o BatchMode=yes -i /root/.ssh/id "
       "user@localhost ")

SANDBOXES = [
    "PrivateTmp=yes", "PrivateDevices=yes", "PrivateNetwork=yes",
    "PrivateUsers=yes", "PrivateIPC=yes", "ProtectSystem=strict",
    "ProtectHome=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes", "ProtectControlGroups=yes",
    "ProtectProc=invisible", "ProcSubset=pid", "ProtectHostname=yes",
    "ProtectClock=yes", "DynamicUser=yes", "StateDirectory=x",
    "TemporaryFileSystem=/srv", "BindPaths=/etc:/srv", "ReadOnlyPaths=/etc",
    "InaccessiblePaths=/etc/ssh", "RootDirectory=/", "RestrictNamespaces=yes",
    "SystemCallFilter=@system-service", "MemoryDenyWriteExecute=yes",
    "NoNewPrivileges=yes", "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    "DevicePolicy=closed", "TasksMax=20", "Delegate=yes",
]


@pytest.fixture(scope="module")
def image(dockerd):
    """syscont-debian, with other names for its systemd."""
    base = images.make_system_image(dockerd, "syscont-debian")
    dockerd("build", "-t", "started-oddly", "-", input=f"""
        FROM {base}
        RUN ln -s /lib/systemd/systemd /start && \\
            printf '#!/bin/sh\\nexec /start "$@"\\n' >/wrapper && \\
            chmod 755 /wrapper && ln -s /wrapper /entrypoint
        """)
    return "started-oddly"


@pytest.fixture(scope="module")
def system(dockerd, daemon, image):
    """One for all cases that do not stop it."""
    container = boot(dockerd, image, "--hostname", "machine")
    dockerd.shell(container,
                  "echo '* * * * * root id -un >/cron' >/etc/cron.d/x")
    yield container
    dockerd("rm", "-f", container)


@pytest.fixture
def docker(dockerd, system):
    """Removes all containers but that one."""
    yield dockerd
    left = set(dockerd("ps", "-aq", "--no-trunc").out.split()) - {system}
    if left:
        dockerd("rm", "-f", *left)


def test_it_is_content(docker, system):
    assert health(docker, system) == ("running", "")
    assert docker.shell(system, "systemd-detect-virt") == "container-other\n"
    assert "Welcome" not in docker.shell(system, "journalctl -p err -b -o cat")
    docker.shell(system, "logger -t told hello")
    until(lambda: "hello\n" == docker.shell(
        system, "journalctl -t told -o cat", check=False))


@pytest.mark.parametrize("start", [
    ["/lib/systemd/systemd"], ["/start"], ["/entrypoint"]])
def test_however_it_is_started(docker, image, start):
    container = boot(docker, image, command=start)
    assert health(docker, container) == ("running", "")
    assert docker.shell(container,
                        "systemd-detect-virt") == "container-other\n"
    docker("stop", "-t", "60", container)
    assert docker.inspect(container, "{{.State.ExitCode}}") != "137"


def test_an_init_of_dockers_does_no_harm(docker, image):
    container = boot(docker, image, "--init")
    assert health(docker, container) == ("running", "")
    assert docker.shell(container, "cat /proc/1/comm") == "systemd\n"


def test_stop_is_a_shutdown(docker, image):
    container = boot(docker, image)
    docker.shell(container, "systemd-run --unit u -p RemainAfterExit=yes "
                            "-p ExecStop='touch /stopped' true")
    docker("stop", "-t", "100", container)
    assert docker.inspect(container, "{{.State.ExitCode}}") != "137"
    assert "/stopped" in docker("diff", container).out


def test_poweroff_is_a_stop(docker, image):
    container = boot(docker, image, "--hostname", "machine")
    docker.shell(container, "hostnamectl set-hostname other")
    docker("exec", container, "systemctl", "poweroff", check=False)
    docker("wait", container)
    assert docker.inspect(container, "{{.State.Status}}") == "exited"
    docker("start", container)
    assert health(docker, await_boot(docker, container)) == ("running", "")
    # Its name is Docker's again.
    assert docker.shell(container, "hostname; cat /etc/hostname"
                        ) == "machine\nmachine\n"


def test_a_reboot_is_a_restart(docker, image):
    container = boot(docker, image, "--restart", "on-failure")
    started = docker.inspect(container, "{{.State.StartedAt}}")
    docker("exec", container, "systemctl", "reboot", check=False)
    until(lambda: docker.inspect(container, "{{.State.StartedAt}}") != started,
          seconds=60)
    assert health(docker, await_boot(docker, container)) == ("running", "")
    assert docker.inspect(container, "{{.RestartCount}}") == "1"


def test_services_are_sandboxed(docker, system):
    script = "\n".join(
        f"systemd-run -q --wait --pipe -p '{sandbox}' true || "
        f"echo '{sandbox}'" for sandbox in SANDBOXES)
    assert docker.shell(system, script) == ""


def test_sandboxes_hold(docker, system):
    def service(properties, command):
        return docker.shell(
            system, f"systemd-run -q --wait --pipe {properties} "
                    f"sh -c 'exec 2>&1; {command}'", check=False)

    assert "Read-only" in service("-p ProtectSystem=strict", "touch /etc/x")
    assert "Read-only" in service("-p ProtectKernelTunables=yes",
                                  "echo 1 >/proc/sys/vm/swappiness")
    assert "null" in service("-p PrivateDevices=yes", "ls /dev")
    assert "fuse" not in service("-p PrivateDevices=yes", "ls /dev")
    docker.shell(system, "touch /tmp/outer")
    assert service("-p PrivateTmp=yes", "ls /tmp") == ""
    assert service("-p DynamicUser=yes", "id -u").strip() not in ("0", "")
    assert service("-p PrivateNetwork=yes", "grep -c : /proc/net/dev") == "1\n"


def test_limits_of_services_and_scopes(docker, system):
    if docker.shell(system, "ls /sys/fs/cgroup/memory", check=False) == "":
        pytest.skip("cgroup v1's memory controller is missing")
    limit = ("sh -c 'cat /sys/fs/cgroup/memory/$(sed -n s/.*:memory://p "
             "/proc/self/cgroup)/memory.limit_in_bytes'")
    for how in ("--scope", "--wait --pipe"):
        assert docker.shell(
            system, f"systemd-run -q {how} -p MemoryMax=50M {limit}"
        ) == f"{50 << 20}\n"
    assert docker.shell(
        system, "systemd-run -q --wait --pipe -p CPUQuota=50% sh -c '"
                "cat /sys/fs/cgroup/cpu/$(sed -n s/.*:cpu://p "
                "/proc/self/cgroup)/cpu.cfs_quota_us'") == "50000\n"
    docker.shell(system, "systemd-run -q --wait --pipe -p Delegate=yes sh -c '"
                         "mkdir /sys/fs/cgroup/memory/$(sed -n s/.*:memory://p"
                         " /proc/self/cgroup)/mine'")


def test_timers_and_sockets(docker, system):
    docker.shell(system, "systemd-run --on-active=0.1s "
                         "--timer-property=AccuracySec=10ms touch /rung")
    until(lambda: docker.shell(system, "ls /rung", check=False))
    docker.shell(system, """
        cd /etc/systemd/system
        printf '[Socket]\nListenStream=7007\nAccept=yes\n' >echo.socket
        printf '[Service]\nStandardInput=socket\nExecStart=cat\n' \
          >echo@.service
        systemctl daemon-reload && systemctl start echo.socket""")
    assert docker("exec", system, "bash", "-c",
                  "exec 3<>/dev/tcp/127.0.0.1/7007; echo called >&3; "
                  "head -n 1 <&3").out == "called\n"


def test_users_log_in(docker, system):
    docker.shell(system, """
        adduser --quiet --disabled-password --gecos '' user
        mkdir -p /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
        install -d -o user -m 700 /home/user/.ssh
        install -o user /root/.ssh/id.pub /home/user/.ssh/authorized_keys""")

    def login(command):
        return docker.shell(system, SSH + f"'{command}'")

    assert login("id -un") == "user\n"
    assert login("systemctl --user is-system-running --wait") == "running\n"
    assert login("echo $XDG_RUNTIME_DIR") == "/run/user/1000\n"
    assert "user" in login("loginctl list-sessions --no-legend")
    assert "Remote=yes" in login("loginctl show-session $XDG_SESSION_ID")
    assert "user@1000.service" in login(
        "systemd-run --user -q --wait --pipe cat /proc/self/cgroup")
    assert "c" in docker.shell(
        system, "su - user -c 'loginctl list-sessions --no-legend'")


def test_its_name(docker, system):
    out = docker.shell(system, "hostnamectl; hostnamectl status --static")
    assert "Chassis: container" in out and out.endswith("machine\n")


def test_it_booted_when_it_started(docker, system):
    """As told by each who tells it, in seconds of the epoch."""
    started = docker("inspect", "-f", "{{.State.StartedAt}}", system).out
    out = docker.shell(system, f"""
        seconds() {{ date -d "$1" +%s; }}
        seconds {started.strip()}
        seconds "$(uptime -s)"
        seconds "$(who -b | sed 's/.*boot *//')"
        seconds "$(ps -o lstart= -p 1)"
        seconds "$(systemctl show -P UserspaceTimestamp)"
        journalctl -b -o json | sed 's/.*"__REALTIME_TIMESTAMP":"//
                                     s/......".*//; q'
        awk '/btime/ {{ print $2 }}' /proc/stat""")
    first, *others = map(int, out.split())
    assert len(others) == 6
    # who(1) tells minutes; journald is started when there is time for it.
    tolerances = (10, 60, 10, 10, 60, 10)
    assert all(abs(other - first) <= tolerance
               for other, tolerance in zip(others, tolerances)), out


def test_another_name(docker, system):
    """Until the machine is started anew: then it has Docker's."""
    assert docker.shell(system, "cat /etc/hostname") == "machine\n"
    docker.shell(system, "hostnamectl set-hostname other")
    try:
        assert docker.shell(system, "hostname; cat /etc/hostname"
                            ) == "other\nother\n"
    finally:
        docker.shell(system, "hostnamectl set-hostname machine")


def test_its_mounts_are_shared(docker, system):
    """As on every machine with systemd: a service sees later mounts, too."""
    docker.shell(system, """
        set -e
        mkdir -p /srv/late
        systemd-run -q --unit looker -p PrivateTmp=yes sleep 1000
        mount -t tmpfs late /srv/late && touch /srv/late/file
        pid=$(systemctl show -P MainPID looker)
        nsenter -t $pid -m ls /srv/late/file""")


def test_networks_by_hand(docker, system):
    """A bridge between two network namespaces, a queue and a filter."""
    docker.shell(system, """
        set -e
        ip link add br9 type bridge && ip link set br9 up
        for n in 1 2; do
          ip netns add n$n
          ip link add v$n type veth peer name e0 netns n$n
          ip link set v$n master br9 up
          ip -n n$n addr add 10.99.0.$n/24 dev e0
          ip -n n$n link set e0 up
        done
        tc qdisc add dev v1 root pfifo limit 50
        tc qdisc show dev v1 | grep -q 'limit 50p'
        sysctl -qw net.ipv4.ip_forward=1
        ip netns exec n1 sysctl -qw net.ipv4.ip_forward=0
        test $(sysctl -n net.ipv4.ip_forward) = 1""")
    ping = "ip netns exec n1 busybox ping -c 1 -W 2 10.99.0.2"
    until(lambda: docker("exec", system, "sh", "-c", ping, check=False
                         ).code == 0)
    docker.shell(system, "ip netns exec n2 iptables-legacy -A INPUT -p icmp "
                 "-j DROP")
    assert docker("exec", system, "sh", "-c", ping, check=False).code != 0
    docker.shell(system, "ip netns del n1; ip netns del n2; ip link del br9")


def test_devices_of_every_machine(docker, system):
    """/dev/net/tun and /dev/fuse are there, and work, for users, too."""
    assert docker.shell(
        system, "stat -c '%F %t:%T %u %a' /dev/net/tun /dev/fuse"
    ) == ("character special file a:c8 0 666\n"
          "character special file a:e5 0 666\n")
    docker.shell(system, "ip tuntap add dev tun7 mode tun && ip link del tun7")
    docker.shell(system, "setpriv --reuid 33 --clear-groups "
                         "sh -c 'exec 3<>/dev/fuse'")


def test_cron_ran_what_was_due(docker, system):
    """Last, for it waits for the next minute since the system is up."""
    until(lambda: docker.shell(system, "cat /cron", check=False) == "root\n",
          seconds=100, interval=1)
