# A small Debian root file system, made once and cached. Sourced after
# shell.sh.

debian_rootfs=${SYSBOX_CACHE:-/var/cache/sysbox}/debian-bookworm

# Made beside its place and moved there whole, so that a broken attempt is
# never mistaken for a finished one.
make_debian_rootfs() {
  [[ -e $debian_rootfs/etc/os-release ]] && return
  install_packages "${rootfs_packages[@]}"
  local making=$debian_rootfs.making
  rm -rf "$making"
  mkdir -p "$making"
  say "making a Debian root file system (once; a minute or two)"
  debootstrap --variant=minbase \
    --include=adduser,hostname,iproute2,procps,tzdata \
    bookworm "$making" 2>&1 |
    stdbuf -oL grep -E '^I: (Retrieving|Unpacking the base|Configuring) ' |
    stdbuf -oL awk 'NR % 20 == 1' ||
    die "debootstrap: see $making/debootstrap/debootstrap.log"
  [[ -e $making/etc/os-release && ! -d $making/debootstrap ]] ||
    die "debootstrap: see $making/debootstrap/debootstrap.log"
  mv "$making" "$debian_rootfs"
}
