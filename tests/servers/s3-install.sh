#!/usr/bin/env bash
# Makes the root directory of an S3 server in the cache: Ceph's RADOS Gateway with what it needs, from Debian's packages.
# It does so once; half a gigabyte, about a minute. Needs root (chroot) and debootstrap, which it installs where apt-get
# is at hand. The last line of its output is the root directory.
#
#   PIPELINEBACKUP_SERVERS   where servers are kept; default ~/.cache/pipelinebackup-servers
#   PIPELINEBACKUP_MIRROR    a Debian mirror; default the one debootstrap knows
set -euo pipefail
cache=${PIPELINEBACKUP_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/pipelinebackup-servers}
root=$cache/rgw/root
export DEBIAN_FRONTEND=noninteractive

mkdir -p "$cache/rgw"
exec 9> "$cache/rgw/install.lock"
flock 9
if [[ -x $root/usr/bin/radosgw ]]; then
    echo "$root"
    exit 0
fi

((EUID == 0)) || { echo "the S3 server needs root to be installed" >&2; exit 1; }
export PATH=$PATH:/usr/sbin:/sbin
if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || { echo "there is neither debootstrap nor apt-get" >&2; exit 1; }
    { apt-get -q update && apt-get -q install -y --no-install-recommends debootstrap; } >&2
fi

# Made under another name, so that an interrupted installation is not taken for a whole one.
making=$root.making
log=$cache/rgw/install.log
rm -rf --one-file-system "$making"
trap 'mountpoint -q "$making/proc" && umount "$making/proc"' EXIT
if ! {
    debootstrap --variant=minbase sid "$making" ${PIPELINEBACKUP_MIRROR:+"$PIPELINEBACKUP_MIRROR"} &&
    printf '#!/bin/sh\nexit 101\n' > "$making/usr/sbin/policy-rc.d" &&
    chmod +x "$making/usr/sbin/policy-rc.d" &&
    mount -t proc proc "$making/proc" &&
    chroot "$making" apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd ceph-common &&
    chroot "$making" apt-get clean &&
    umount "$making/proc"
} > "$log" 2>&1 < /dev/null; then
    tail -20 "$log" >&2
    echo "the S3 server could not be installed; the whole log is $log" >&2
    exit 1
fi

rm -rf "$making"/var/lib/apt/lists/* "$making"/usr/share/{doc,man,locale}/*
mv "$making" "$root"
echo "$root"
