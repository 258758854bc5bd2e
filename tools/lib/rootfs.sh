# Debian root file systems, each made once and cached, keyed by this file.
# Sourced after shell.sh. One is whole; the others are what is installed upon
# it, as layers of a container image are.

# A machine of its own, as a person would set one up; mmdebstrap's minbase is
# under it.
base_rootfs=syscont-debian
base_packages=(
  adduser busybox-static ca-certificates cron dbus dbus-user-session hostname
  iproute2 iptables kmod libpam-systemd openssh-server procps systemd
  systemd-sysv tzdata udev
)

# What is upon it in which other.
declare -A packages_upon_base=(
  [syscont-docker]="docker.io"
  [syscont-containerd]="containerd containernetworking-plugins runc"
  [syscont-podman]="aardvark-dns buildah catatonit crun netavark podman slirp4netns uidmap"
)

rootfs_cache=${SYSBOX_CACHE:-/var/cache/sysbox}/rootfs-$(
  sha256sum tools/lib/rootfs.sh | cut -c 1-16)
rootfs_mirror=${SYSBOX_MIRROR:-http://deb.debian.org/debian}

is_rootfs() {
  [[ $1 == "$base_rootfs" || -v packages_upon_base[$1] ]]
}

# make_rootfs_layers NAME; afterwards ${rootfs_layers[@]} are the directories
# that make it up, lowest first. Each is made beside its place and moved there
# whole, so that a broken attempt is never mistaken for a finished one.
make_rootfs_layers() {
  local name lock
  rootfs_layers=("$rootfs_cache/$base_rootfs")
  [[ $1 == "$base_rootfs" ]] || rootfs_layers+=("$rootfs_cache/$1")
  mkdir -p "$rootfs_cache"
  exec {lock}>"$rootfs_cache/lock"
  flock "$lock"
  for name in "$base_rootfs" "$1"; do
    [[ ! -e $rootfs_cache/$name ]] || continue
    say "making the root file system $name (once; a minute or two)"
    rm -rf "$rootfs_cache/$name.making"
    if [[ $name == "$base_rootfs" ]]; then
      make_base "$rootfs_cache/$name.making"
    else
      make_layer "$rootfs_cache/$name.making" ${packages_upon_base[$name]}
    fi
    mv "$rootfs_cache/$name.making" "$rootfs_cache/$name"
  done
  exec {lock}>&-
}

make_base() {
  install_packages "${rootfs_packages[@]}"
  mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt/lists \
    --include="$(IFS=, && echo "${base_packages[*]}")" \
    bookworm "$1" "$rootfs_mirror" || die "mmdebstrap: see above"
  # Else every container has the host key and the identity of this one.
  : >"$1/etc/machine-id"
}

# Installs packages on an overlay upon the base. Its mount, in a namespace of
# its own, ends with it.
make_layer() (
  making=$1
  shift
  mkdir -p "$making".{work,root} "$making"
  trap 'rm -rf "$making".{work,root}' EXIT
  # Not for ever: dpkg asks whether services may start.
  unshare --mount --fork --pid --kill-child bash -euc '
    base=$1 making=$2
    shift 2
    mount -t overlay \
      -o "lowerdir=$base,upperdir=$making,workdir=$making.work" \
      overlay "$making.root"
    cd "$making.root"
    mount -t proc proc proc
    mount --bind /dev dev
    touch etc/resolv.conf
    mount --bind /etc/resolv.conf etc/resolv.conf
    printf "#!/bin/sh\nexit 101\n" >usr/sbin/policy-rc.d
    chmod 755 usr/sbin/policy-rc.d
    DEBIAN_FRONTEND=noninteractive chroot . apt-get install --yes --quiet=2 \
      --no-install-recommends "$@"
    umount etc/resolv.conf dev proc
    rm -r usr/sbin/policy-rc.d var/cache/apt/archives/*.deb
  ' - "$rootfs_cache/$base_rootfs" "$making" "$@" >"$making.log" 2>&1 ||
    die "installing $*: $(tail -n 3 "$making.log")"
  rm "$making.log"
  # What was deleted again: it would be a device in a container image.
  find "$making" -type c -delete
)

# make_debian_rootfs NAME; afterwards $debian_rootfs is the path of all of it.
make_debian_rootfs() {
  local layer
  debian_rootfs=$rootfs_cache/$1.whole
  [[ ! -e $debian_rootfs ]] || return 0
  make_rootfs_layers "$1"
  rm -rf "$debian_rootfs.making"
  for layer in "${rootfs_layers[@]}"; do
    cp -aT --reflink=auto "$layer" "$debian_rootfs.making"
  done
  mv "$debian_rootfs.making" "$debian_rootfs"
}
