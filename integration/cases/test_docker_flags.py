"""Flags of `docker run`: what a program sees is as with runc."""

import shlex

import pytest

# flags | script
RUNS = """
-e A=1 -e PATH=/x | /bin/busybox env | /bin/busybox grep -v HOSTNAME
-u app | id
-u app:tty | id
-u 1234:4321 | id; echo $HOME
-u 65535:65535 | id
-w /made/deep | pwd; stat -c %u:%g:%a /made /made/deep
-u app -w /made | stat -c %u:%g:%a /made; touch x
--hostname h --domainname d.e | hostname; hostname -f; cat /proc/sys/kernel/domainname
--add-host a:1.2.3.4 --dns 9.9.9.9 --dns-search x.y --dns-option ndots:3 | cat /etc/resolv.conf; grep 1.2.3.4 /etc/hosts
--mac-address 02:42:ac:11:00:99 | cat /sys/class/net/eth0/address
--net none --hostname q | cat /etc/hosts; ip addr | grep inet
--shm-size 10m | df -k /dev/shm | tail -1; stat -c %a:%u /dev/shm
--ipc none | ls -a /dev/shm
--ipc private | ls -a /dev/shm
--ipc shareable | ls -a /dev/shm
--tmpfs /t | stat -c %a:%u:%g /t; df /t | head -2 | cut -c1-10
--tmpfs /t:uid=1000,gid=5,mode=711,size=5m | stat -c %a:%u:%g /t; df -k /t | tail -1
--tmpfs /tmp/a/b --mount type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=700 | stat -c %a:%u:%g /tmp/a/b /x
--tmpfs /etc | ls /etc
--ulimit nofile=100:200 --ulimit nproc=50:60 --ulimit core=0 --ulimit stack=8000000 --ulimit memlock=64 | cat /proc/self/limits | grep -v pending
--oom-score-adj 500 | cat /proc/self/oom_score_adj; echo -1 > /proc/self/oom_score_adj
--oom-kill-disable -m 50m | true
--memory 20m --memory-swappiness 0 --memory-reservation 10m --kernel-memory 10m | true
--cpus 0.3 --cpu-shares 200 --cpuset-cpus 1 --cpuset-mems 0 | grep -E '(Cpus|Mems)_allowed_list' /proc/self/status
--cpu-period 20000 --cpu-quota 5000 | true
--blkio-weight 300 | true
--cpu-rt-runtime 1000 | true
--device /dev/null:/dev/mine:r | stat -c %t:%T:%a:%u:%g /dev/mine; cat /dev/mine; ! echo x > /dev/mine
--sysctl kernel.msgmax=9999 --sysctl fs.mqueue.msg_max=20 | cat /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max
--sysctl kernel.domainname=abc | cat /proc/sys/kernel/domainname
--group-add 5 --group-add app | id
--read-only --tmpfs /run -v /vol | touch /run/x /vol/x; ! touch /x
--security-opt no-new-privileges | grep NoNewPrivs /proc/self/status
--security-opt seccomp=unconfined | true
--security-opt apparmor=unconfined | true
--security-opt label=disable | true
--init | cat /proc/1/comm
--init | kill -9 $$
--entrypoint /bin/sh | echo "$0"
--cgroupns private | cut -d: -f2- /proc/self/cgroup
--stop-signal USR1 --label a=b --log-driver none | true
-v /etc/hostname:/etc/hn:ro | cat /etc/hn; ! echo > /etc/hn
-v /etc/passwd:/bin/sub/passwd | ls -l /bin/sub/passwd | cut -c1-10
-v /tmp:/link/../t2 | test -d /t2
-v /proc:/hp | ls /hp/1/comm
-v /proc:/proc | true
-v /sys:/sys:ro | ls /sys
-v /dev:/dev | echo x > /dev/null; ls -l /dev/null | cut -c1-10
-v /sys/fs/cgroup:/sys/fs/cgroup:ro | true
-v /:/host:ro | ls /host/etc/hostname
-v /dev/null:/dev/zero2 | echo x > /dev/zero2
-v /dev/shm:/dev/shm | true
--mount type=bind,src=/etc,dst=/b,bind-propagation=rslave | test -e /b/hostname
--mount type=bind,src=/etc,dst=/b,bind-nonrecursive | test -e /b/hostname
-e HOME=/x | echo $HOME
-e TERM= | env | grep TERM
-t | env | grep TERM; tty; stat -c '%a %u %g' /dev/console /dev/pts/0 /dev/ptmx
--cap-drop ALL --cap-add NET_BIND_SERVICE | true
--cap-add NOPE | true
--memory 1k | true
--cpus 99 | true
-w relative | true
--link absent:x | true
--gpus all | true
--ip 172.31.240.77 | true
"""
CASES = [tuple(part.strip() for part in line.split(" | ", 1))
         for line in RUNS.strip().splitlines()]


@pytest.mark.parametrize("flags, script", CASES, ids=[
    flags[:50] for flags, _ in CASES])
def test_as_with_runc(docker, flags, script):
    options = shlex.split(flags)
    program = ["-c", script] if "--entrypoint" in options else [
        "/bin/busybox", "sh", "-c", script]
    ours, runc = (docker.run(*program, options=options, runtime=runtime,
                             check=False)
                  for runtime in ("sysbox-runc", "runc"))
    assert (ours.code, ours.out) == (runc.code, runc.out), f"{ours}\n{runc}"
