"""Docker's commands on containers that run, as typed: as with runc."""

import re
import subprocess

import pytest

# $R is the runtime, $C a container of it that sleeps.
SESSIONS = {
    "exec": """
        docker exec $C sh -c 'exit 9'; echo $?
        docker exec -u app -w /tmp -e Z=1 $C sh -c 'id; pwd; echo $Z'
        docker exec -d $C touch /d; until docker exec $C test -e /d; do :; done
        docker exec -i $C cat </proc/self/comm
        docker exec -t $C tty
        docker exec -w /absent $C pwd >/dev/null 2>&1; echo $?
        docker exec -u absent $C true; echo $?
        docker exec -it $C true 2>&1; echo $?""",
    "top": """
        docker top $C -eo comm | tail -n 1
        docker top $C aux | tail -n 1 | grep -c sleep
        docker top $C -o nope; echo $?""",
    "stop": """
        docker stop -t 0 $C >/dev/null; docker stop $C >/dev/null; echo $?
        docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}} \
{{.State.Status}} {{.State.Error}}' $C
        docker start $C >/dev/null; docker kill -s HUP $C >/dev/null
        docker inspect -f '{{.State.Running}}' $C; docker kill $C >/dev/null
        docker wait $C; docker kill $C; echo $?; docker rm $C >/dev/null""",
    "update": """
        docker update -m 50m --memory-swap 60m --cpus 0.5 --cpuset-cpus 0 \
--pids-limit 20 --cpu-shares 99 --memory-reservation 10m $C >/dev/null; echo $?
        docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' $C
        docker stats --no-stream --format '{{.MemUsage}}' $C | sed 's/.* //'
        docker update --cpuset-cpus 77 $C; echo $?
        docker update --blkio-weight 300 $C >/dev/null; echo $?
        docker update --pids-limit -1 $C >/dev/null; echo $?""",
    "pause": """
        docker pause $C >/dev/null; docker pause $C; echo $?
        docker stats --no-stream --format '{{.PIDs}}' $C
        docker exec $C true; echo $?; docker top $C >/dev/null; echo $?
        docker cp $C:/etc/passwd - | wc -c; docker stop -t 1 $C >/dev/null
        docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' $C
        docker unpause $C; echo $?""",
    "rename": """
        docker rename $C renamed; docker exec renamed true; echo $?
        docker inspect -f '{{.Name}}' $C; docker port renamed""",
    "cp": """
        docker cp $C:/bin/sh - | tar tv | cut -c1
        docker cp -L $C:/bin/sh - | tar tv | cut -c1
        docker cp $C:/absent - ; echo $?; docker cp /absent $C:/; echo $?
        docker cp $C:/etc/hosts - | tar t; docker cp $C:/dev/null - | tar t
        docker cp $C:/proc/version - | wc -c
        docker cp /etc/hostname $C:/tmp/h; docker exec $C stat -c '%u %a' /tmp/h
        docker cp /etc/hostname $C:/tmp/no/such/; echo $?
        docker cp - $C:/absent </dev/null; echo $?""",
    "commit": """
        docker exec $C sh -c 'mkdir /x; echo 1 >/x/1; ln /x/1 /x/2; \
ln -s /nope /x/l; mkfifo /x/p; chmod 4755 /x/1; rm -r /home; cp -a /root /r2'
        docker diff $C | sort; docker export $C | tar t | grep -c x/
        docker commit -a me -m why -c 'ENV Q=1' -p $C im-$R >/dev/null
        docker run --rm --runtime runc im-$R sh -c \
'stat -c "%n %a %h %F" /x/*; ls /home 2>&1; echo $Q'
        docker rmi im-$R >/dev/null""",
    "network": """
        docker network create n-$R >/dev/null
        docker network connect --alias al n-$R $C
        docker run --rm --runtime $R --network n-$R busybox ping -c 1 -W 5 al \
>/dev/null; echo $?
        docker network disconnect n-$R $C; docker exec $C ls /sys/class/net
        docker network rm n-$R >/dev/null; echo $?""",
    "shared namespaces": """
        docker run --rm --runtime $R --network container:$C busybox true; echo $?
        docker run --rm --runtime $R --pid container:$C busybox ps | grep -c sleep
        docker restart -t 0 $C >/dev/null; echo $?""",
    "restart": """
        docker update --restart always $C >/dev/null
        kill -9 $(docker inspect -f '{{.State.Pid}}' $C)
        until [ "$(docker inspect -f '{{.RestartCount}} {{.State.Running}}' \
$C)" = '1 true' ]; do :; done; echo again""",
    "logs": """
        D=$(docker run -d --runtime $R busybox sh -c 'echo a; echo b >&2; exit 3')
        docker wait $D; docker logs $D; docker logs --tail 0 $D
        docker logs -t $D 2>&1 | grep -c Z; docker start -a $D; echo $?""",
    "health": """
        D=$(docker run -d --runtime $R --health-cmd 'test -e /ok' \
--health-interval 0.2s --health-retries 1 busybox sleep 1000)
        until [ $(docker inspect -f '{{.State.Health.Status}}' $D) = unhealthy ]
        do :; done; docker exec $D touch /ok
        until [ $(docker inspect -f '{{.State.Health.Status}}' $D) = healthy ]
        do :; done; echo healthy""",
    "console": """
        D=$(docker run -dit --runtime $R busybox sh)
        docker exec $D sh -c 'echo hi > /dev/console'
        until docker logs $D | grep -q hi; do :; done; echo seen""",
}


def comparable(text, runtime):
    text = re.sub(r"\b[0-9a-f]{12,64}\b", "ID", text)
    # What runc adds in front of a program's own error.
    return text.replace("unable to start container process: ", "").replace(
        f"-{runtime}", "-R")


@pytest.mark.parametrize("session", SESSIONS)
def test_as_with_runc(docker, session):
    said = []
    for runtime in ("sysbox-runc", "runc"):
        container = docker.start_container(runtime=runtime)
        done = subprocess.run(
            ["timeout", "60", "bash", "-c", SESSIONS[session]],
            env={**docker.env, "R": runtime, "C": container},
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode != 124, done  # in time
        said.append((done.returncode, comparable(done.stdout, runtime)))
        docker.remove_all()
    assert said[0] == said[1]
