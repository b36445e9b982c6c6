#!/usr/bin/env bash
# Stops the PostgreSQL server that postgres-up.sh started, and deletes what it kept.
#
#   postgres-down.sh [STATE]     the directory that postgres-up.sh told as PIPELINEBACKUP_POSTGRES_STATE
set -u
state=${1:-${PIPELINEBACKUP_POSTGRES_STATE:-}}
[[ -n $state && -f $state/bin ]] || { echo "there is no PostgreSQL server to stop" >&2; exit 1; }
pid=$(head -n 1 "$state/server/data/postmaster.pid" 2>/dev/null)
# Only this very server is meant, not whoever has its number by now. It ends its own processes at once.
if [[ -n $pid ]] && tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/server/data"; then
    kill -QUIT "$pid"
    for _ in $(seq 50); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null && kill -9 "$pid"
fi
rm -rf --one-file-system "$state"
