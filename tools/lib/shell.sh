# What every script here starts with. Sourced; leaves the caller in the root
# of the source tree.
#
# BAZEL may name another command to run in place of `bazel`, with startup
# options if need be: BAZEL="bazel --output_base=/var/tmp/mine".

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/lib/packages.sh

read -r -a bazel <<<"${BAZEL:-bazel}"

say() {
  printf '==> %s\n' "$*"
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "cannot run \"$*\": be root, or install sudo"
  fi
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs those of the named packages that are missing. The package lists are
# refreshed only if they do not suffice.
install_packages() {
  local package missing=()
  for package; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "this needs Debian's ${missing[*]}"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes
    --quiet=2 --no-install-recommends "${missing[@]}")
  say "installing ${#missing[@]} packages: ${missing[*]}"
  if ! as_root "${install[@]}" >/dev/null 2>&1; then
    say "refreshing the package lists"
    as_root apt-get update --quiet=2
    as_root "${install[@]}" >/dev/null
  fi
}
