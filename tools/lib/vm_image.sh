# The guest's disk: Debian with systemd, Docker and AppArmor, made once and
# cached, keyed by what it is made from. Sourced after shell.sh.
#
#   $vm_image/disk        the root file system, never written to again
#   $vm_image/SERIES/     linux (the kernel) and initrd, per kernel series

vm_packages=(
  apparmor ca-certificates cifs-utils crun dbus docker.io iproute2 iptables jq
  kmod nfs-kernel-server procps python3 python3-pytest runc samba strace
  busybox-static systemd systemd-sysv udev xfsprogs
)

# kernel series -> the suite that has Debian's cloud kernel of that series
declare -A vm_kernels=([6.12]=bookworm-backports [6.1]=bookworm)

# What is loaded before the root file system is there.
vm_boot_modules=(virtio_pci virtio_blk ext4)

vm_mirror=${SYSBOX_MIRROR:-http://deb.debian.org/debian}

vm_image_key() {
  cat tools/lib/vm_image.sh integration/vm/guest.service | sha256sum |
    cut -c 1-16
}

vm_image=${SYSBOX_CACHE:-/var/cache/sysbox}/vm-$(vm_image_key)

# Unpacks the newest cloud kernel of a series below $1, which becomes the
# modules' place too. No initramfs tool, no boot loader: qemu loads it.
unpack_kernel() {
  local root=$1 series=$2 suite=${vm_kernels[$2]} package
  package=$(chroot "$root" apt-cache depends --important \
    "linux-image-cloud-amd64/$suite" |
    sed -nE 's/^ *Depends: (linux-image-[0-9].*)/\1/p') || return
  [[ $package == linux-image-"$series".* ]] ||
    die "$suite: the cloud kernel is \"$package\", not $series"
  chroot "$root" sh -euc '
    cd /tmp
    apt-get download --quiet=2 "$1/$2"
    dpkg-deb --fsys-tarfile "$1"_*.deb |
      tar --extract --keep-directory-symlink --directory=/
    rm "$1"_*.deb
    depmod "${1#linux-image-}"' - "$package" "$suite"
  mkdir -p "$root/kernels/$series"
  mv "$root/boot/vmlinuz-${package#linux-image-}" "$root/kernels/$series/linux"
  make_initrd "$root" "${package#linux-image-}" >"$root/kernels/$series/initrd"
}

# A busybox that loads a few modules and goes on to the disk.
make_initrd() {
  local root=$1 version=$2 tree=$1/initrd module file
  mkdir -p "$tree"/{bin,dev,modules,new}
  cp "$root/bin/busybox" "$tree/bin"
  {
    echo '#!/bin/busybox sh'
    # `probe` among the kernel's arguments: does a guest work at all here?
    echo 'for word; do [ $word != probe ] || exec /bin/busybox reboot -f; done'
    for module in "${vm_boot_modules[@]}"; do
      chroot "$root" modprobe --set-version "$version" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
      module=$(basename "$file" .xz)
      if [[ $file == *.xz ]]; then
        xz --decompress --stdout "$root$file" >"$tree/modules/$module"
      else
        cp "$root$file" "$tree/modules/$module"
      fi
      echo "/bin/busybox insmod /modules/$module"
    done
    echo '/bin/busybox mount -t devtmpfs dev /dev'
    echo 'while [ ! -b /dev/vda ]; do /bin/busybox usleep 20000; done'
    echo '/bin/busybox mount -t ext4 /dev/vda /new'
    echo '/bin/busybox mount --move /dev /new/dev'
    echo 'exec /bin/busybox switch_root /new /sbin/init'
  } >"$tree/init"
  chmod 755 "$tree/init"
  (cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null)
  rm -r "$tree"
}

# What makes a Debian tree a guest of ours.
configure_guest() {
  local root=$1
  echo sysbox-vm >"$root/etc/hostname"
  echo '127.0.0.1 localhost sysbox-vm' >"$root/etc/hosts"
  echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
  cp integration/vm/guest.service "$root/etc/systemd/system/sysbox-vm.service"
  chroot "$root" passwd --quiet --delete root
  chroot "$root" systemctl --quiet enable sysbox-vm.service
  # A starved emulation is slow, not broken: no unit is given up for that.
  mkdir -p "$root"/etc/systemd/{system.conf.d,system/service.d}
  printf '[Manager]\nDefaultTimeoutStartSec=15min\n' \
    >"$root/etc/systemd/system.conf.d/slow.conf"
  printf '[Service]\nWatchdogSec=0\n' \
    >"$root/etc/systemd/system/service.d/slow.conf"
  # Nothing here ever needs them, and each costs seconds under emulation.
  chroot "$root" systemctl --quiet mask apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer getty@tty1.service \
    systemd-binfmt.service systemd-pcrphase.service \
    systemd-networkd-wait-online.service systemd-update-utmp.service
  # A case that needs these servers starts them, in its own namespaces.
  chroot "$root" systemctl --quiet mask nfs-blkmap.service nfs-client.target \
    nfs-server.service nmbd.service rpcbind.service rpcbind.socket \
    samba-ad-dc.service smbd.service
  rm "$root"/etc/apparmor.d/{lsb_release,nvidia_modprobe}
  mkdir -p "$root"/etc/{containerd,docker}
  echo 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' \
    >"$root/etc/containerd/config.toml"
  # The dockerds of cases that need a network have one.
  echo '{"bridge": "none", "iptables": false}' >"$root/etc/docker/daemon.json"
}

# Made beside its place and moved there whole, as a root file system is.
make_vm_image() {
  [[ -e $vm_image/disk ]] && return
  install_packages "${vm_host_packages[@]}"
  ((EUID == 0)) || die "making the guest's disk needs root"
  local making=$vm_image.making series
  mkdir -p "${vm_image%/*}"
  # Of an earlier recipe, or of an attempt that was broken off.
  rm -rf "${vm_image%/*}"/vm-*
  mkdir "$making"
  say "making the guest's disk (once; a few minutes): $vm_image"
  mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt \
    --include="$(IFS=, && echo "${vm_packages[*]}")" bookworm \
    "$making/root" "deb $vm_mirror bookworm main" \
    "deb $vm_mirror bookworm-backports main" || die "mmdebstrap: see above"
  for series in "${!vm_kernels[@]}"; do
    unpack_kernel "$making/root" "$series"
  done
  mv "$making/root/kernels"/* "$making"
  configure_guest "$making/root"
  rm -rf "$making/root"/{kernels,var/lib/apt/lists/*,var/cache/apt/*.bin} \
    "$making/root"/var/cache/apt/archives/*.deb
  mke2fs -q -t ext4 -O ^metadata_csum_seed -d "$making/root" "$making/disk" 8G
  rm -r "$making/root"
  mv "$making" "$vm_image"
}
