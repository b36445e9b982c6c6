#!/usr/bin/env bash
# Puts Azurite, Microsoft's own server of Azure Blob Storage for tests, into the cache: from npm, once; 365 MB, half a
# minute. Needs node and npm, which it does not install. The last line of its output is the program.
#
#   PIPELINEBACKUP_SERVERS   where servers are kept; default ~/.cache/pipelinebackup-servers
set -euo pipefail
version=3.37.0
cache=${PIPELINEBACKUP_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/pipelinebackup-servers}
folder=$cache/azurite
program=$folder/node_modules/azurite/dist/src/blob/main.js

mkdir -p "$folder"
exec 9> "$folder/install.lock"
flock 9
if [[ ! -f $folder/$version.installed || ! -f $program ]]; then
    for tool in node npm; do
        command -v "$tool" >/dev/null || { echo "Azurite needs $tool, which is not here" >&2; exit 1; }
    done
    # It names node 22; what it does with blobs runs on 20 too, and npm only warns.
    npm install --prefix "$folder" --no-fund --no-audit --loglevel error "azurite@$version" >&2
    touch "$folder/$version.installed"
fi
echo "$program"
