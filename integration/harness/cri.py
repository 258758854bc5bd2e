"""Kubernetes' container runtime interface, as kubelet and crictl speak it:
https://github.com/kubernetes/cri-api, package runtime.v1. Messages are written
as {field number: value}; an answer is {field number: [values]}."""

import grpc


def _varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def encode(message):
    """A message in protobuf's wire format; lists are repeated fields."""
    out = b""
    for number, values in message.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += _varint(number << 3) + _varint(value)
                continue
            if isinstance(value, dict):
                value = encode(value)
            elif isinstance(value, str):
                value = value.encode()
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def _read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def decode(data):
    fields, at = {}, 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        fields.setdefault(key >> 3, []).append(value)
    return fields


class Cri:
    """`cri("RunPodSandbox", {…})`."""

    def __init__(self, socket):
        self.channel = grpc.insecure_channel(f"unix:{socket}")

    def __call__(self, method, message):
        call = self.channel.unary_unary(
            f"/runtime.v1.RuntimeService/{method}",
            request_serializer=encode, response_deserializer=decode)
        return call(message, timeout=60)

    def close(self):
        self.channel.close()

    def run_pod(self, name, more=None):
        """Returns its id and its configuration, which its containers need."""
        config = {1: {1: name, 2: f"uid-{name}", 3: "default"}, 2: name,
                  3: f"/var/log/pods/{name}", 8: {1: f"/kubepods/{name}"},
                  **(more or {})}
        return self("RunPodSandbox", {1: config})[1][0].decode(), config

    def run_container(self, pod, name, image, command, more=None):
        pod_id, pod_config = pod
        config = {1: {1: name}, 2: {1: image}, 3: list(command),
                  11: f"{name}.log", **(more or {})}
        container = self("CreateContainer", {1: pod_id, 2: config,
                                             3: pod_config})[1][0].decode()
        self("StartContainer", {1: container})
        return container

    def exec(self, container, *command):
        """What it prints; fails the test if it fails."""
        done = self("ExecSync", {1: container, 2: list(command), 3: 30})
        assert done.get(3, [0]) == [0], done
        return done.get(1, [b""])[0].decode()

    def remove_pod(self, pod_id):
        self("StopPodSandbox", {1: pod_id})
        self("RemovePodSandbox", {1: pod_id})
