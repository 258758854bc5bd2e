#!/bin/bash
# usage: start_object.sh LIBC.A CACHE_SIZES.S OUTPUT
#
# Writes glibc's libc-start.o to OUTPUT: with the functions of cache_sizes.S if
# it is, to the byte, the object that they were written for, else as it is.

set -euo pipefail
libc=$1 source=$2 output=$3

# x86-64, Debian 12: libc6-dev 2.36-9+deb12u14, and others built of the same.
known=6cee875b28092fe9fd4760f70e925d7edd9da1fb174c1ffff110961e20e2720e
text=0x40  # where its .text lies in it

# replace FUNCTION FROM LIMIT: both in .text; what is from LIMIT on stays.
replace() {
  objcopy --only-section=".$1" --output-target=binary "$work/code.o" "$work/code"
  (($(stat --format=%s "$work/code") <= $3 - $2)) || {
    echo "$0: $1 does not fit" >&2
    exit 1
  }
  dd if="$work/code" of="$output" bs=1 seek=$((text + $2)) conv=notrunc \
    status=none
}

ar p "$libc" libc-start.o >"$output"
if ! sha256sum --check --status <<<"$known  $output"; then
  echo "$0: another glibc: its start-up stays as it is" >&2
  exit
fi
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
gcc -c "$source" -o "$work/code.o"
replace handle_amd 0x160 0x2bb
replace get_common_cache_info 0x570 0x928
replace handle_intel 0xbdd 0xcaa
