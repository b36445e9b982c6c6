#!/usr/bin/env bash
# Stops the S3 server that s3-up.sh started, and deletes what it kept.
#
#   s3-down.sh [STATE]     the directory that s3-up.sh told as PIPELINEBACKUP_S3_STATE
set -u
state=${1:-${PIPELINEBACKUP_S3_STATE:-}}
[[ -n $state && -f $state/ceph.conf ]] || { echo "there is no S3 server to stop" >&2; exit 1; }
for name in rgw osd mon; do
    [[ -f $state/$name.pid ]] || continue
    pid=$(cat "$state/$name.pid")
    # What it holds is thrown away: no time is given for an orderly end. Only a daemon of this very server is meant.
    if tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF "/$(basename "$state")/ceph.conf"; then
        kill -9 "$pid"
    fi
done
sleep 0.2
rm -rf --one-file-system "$state"
