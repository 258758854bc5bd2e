# Debian root file systems, each made once and cached. Sourced after shell.sh.

rootfs_cache=${SYSBOX_CACHE:-/var/cache/sysbox}

# What every one has; debootstrap's minbase is under it.
debian_packages=adduser,hostname,iproute2,procps,tzdata
# A machine of its own, as a person would set one up.
system_packages=systemd,systemd-sysv,libpam-systemd,dbus,udev,kmod,cron,openssh-server

# What is made from which packages.
declare -A rootfs_of=(
  [syscont-debian]=$debian_packages,$system_packages
  [syscont-docker]=$debian_packages,$system_packages,docker.io,iptables,ca-certificates,busybox-static
)

# make_debian_rootfs NAME; afterwards $debian_rootfs is its path. Made beside
# its place and moved there whole, so that a broken attempt is never mistaken
# for a finished one.
make_debian_rootfs() {
  local packages=${rootfs_of[$1]:?no such root file system}
  debian_rootfs=$rootfs_cache/$1
  [[ -e $debian_rootfs/etc/os-release ]] && return
  install_packages "${rootfs_packages[@]}"
  local making=$debian_rootfs.making
  rm -rf "$making"
  mkdir -p "$making"
  say "making the root file system $1 (once; a few minutes)"
  debootstrap --variant=minbase --include="$packages" bookworm "$making" 2>&1 |
    stdbuf -oL grep -E '^I: (Retrieving|Unpacking the base|Configuring) ' |
    stdbuf -oL awk 'NR % 20 == 1' ||
    die "debootstrap: see $making/debootstrap/debootstrap.log"
  [[ -e $making/etc/os-release && ! -d $making/debootstrap ]] ||
    die "debootstrap: see $making/debootstrap/debootstrap.log"
  rm -f "$making"/var/cache/apt/archives/*.deb
  mv "$making" "$debian_rootfs"
}
