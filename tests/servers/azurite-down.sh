#!/usr/bin/env bash
# Stops the Azurite that azurite-up.sh started, and deletes what it kept.
#
#   azurite-down.sh [STATE]     the directory that azurite-up.sh told as PIPELINEBACKUP_AZURITE_STATE
set -u
state=${1:-${PIPELINEBACKUP_AZURITE_STATE:-}}
[[ -n $state && -f $state/pid ]] || { echo "there is no Azurite to stop" >&2; exit 1; }
pid=$(cat "$state/pid")
# Only this very server is meant, not whoever has its number by now.
if tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/data"; then
    kill -9 "$pid"
fi
sleep 0.2
rm -rf --one-file-system "$state"
