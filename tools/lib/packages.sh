# The one list of Debian packages this project uses. Sourced.

# What `bazel build //:sysbox` needs.
build_packages=(
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto
  g++ git
  libabsl-dev libcap-dev libcli11-dev libdbus-1-dev libfmt-dev libfuse3-dev
  libseccomp-dev rapidjson-dev
)

# What the tests need besides.
test_packages=(catch2 libbenchmark-dev)

# What tools/presubmit, tools/fuzz and tools/coverage need besides.
check_packages=(clang clang-format libclang-rt-14-dev llvm python3)

# What tools/quickstart makes its container from.
rootfs_packages=(mmdebstrap)

# What the integration tests need besides: the real things.
integration_packages=(
  aardvark-dns bindfs bubblewrap busybox-static catatonit crun debootstrap
  docker.io htop iproute2 iptables jq mmdebstrap netavark podman procps python3
  python3-grpcio python3-pytest runc strace sysstat systemd-container
  # What must not name the host from inside.
  dmidecode lsscsi numactl pciutils udev usbutils
)

# What tools/vm needs on the host.
vm_host_packages=(
  busybox-static e2fsprogs mmdebstrap qemu-system-x86 qemu-utils xz-utils
)
