#!/usr/bin/env bash
# Starts Azurite on a free port, with a directory of its own, and tells where it is, as lines for 'eval' or $GITHUB_ENV:
#
#   PIPELINEBACKUP_AZURITE=http://127.0.0.1:PORT/devstoreaccount1     its account is the well-known one
#   PIPELINEBACKUP_AZURITE_STATE=DIRECTORY                            for azurite-down.sh
#
# Azurite is installed first where it is missing. Ready in about three seconds. No answer within a minute is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$("$here/azurite-install.sh" | tail -n 1)
state=$(mktemp -d "${TMPDIR:-/tmp}/azurite-XXXXXXXX")
mkdir "$state/data"

# Port 0 is the system's choice; Azurite says which it is.
setsid node "$program" --blobHost 127.0.0.1 --blobPort 0 --location "$state/data" --skipApiVersionCheck \
    --disableTelemetry > "$state/log" 2>&1 < /dev/null &
echo $! > "$state/pid"

port=
for ((i = 0; i < 600; i++)); do
    port=$(sed -n 's#.*successfully listens on http://127.0.0.1:\([0-9]*\).*#\1#p' "$state/log" | tail -n 1)
    [[ -n $port ]] && break
    kill -0 "$(cat "$state/pid")" 2>/dev/null || break
    sleep 0.1
done
if [[ -z $port ]]; then
    cat "$state/log" >&2
    "$here/azurite-down.sh" "$state" || true
    echo "Azurite did not start" >&2
    exit 1
fi
echo "PIPELINEBACKUP_AZURITE=http://127.0.0.1:$port/devstoreaccount1"
echo "PIPELINEBACKUP_AZURITE_STATE=$state"
