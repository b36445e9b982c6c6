#!/usr/bin/env bash
# Finds PostgreSQL's server programs, or puts them into the cache: Debian's packages, unpacked and not installed, so that
# neither root is needed nor anything of the system changed. About 60 MB, once. The last line of its output is the
# directory of the programs.
#
#   PIPELINEBACKUP_SERVERS         where servers are kept; default ~/.cache/pipelinebackup-servers
#   PIPELINEBACKUP_POSTGRES_FROM   'cache' to leave aside what is installed
set -euo pipefail
cache=${PIPELINEBACKUP_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/pipelinebackup-servers}
root=$cache/postgres/root

# The newest of several versions that lie beside each other.
programs() { printf '%s\n' "$1"/usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1; }

if [[ ${PIPELINEBACKUP_POSTGRES_FROM:-} != cache ]]; then
    for initdb in "$(programs "")" "$(command -v initdb || true)"; do
        if [[ -x $initdb && -x $(dirname "$initdb")/postgres ]]; then
            dirname "$initdb"
            exit 0
        fi
    done
fi

mkdir -p "$cache/postgres"
exec 9> "$cache/postgres/install.lock"
flock 9
if [[ ! -x $(programs "$root") ]]; then
    for tool in apt-get apt-cache dpkg-deb; do
        command -v "$tool" >/dev/null || { echo "PostgreSQL is not installed, and there is no $tool to fetch it" >&2; exit 1; }
    done
    if ! apt-cache show postgresql >/dev/null 2>&1; then
        ((EUID == 0)) || { echo "the package lists are empty, and only root can fetch them" >&2; exit 1; }
        apt-get -q update >&2
    fi
    version=$(apt-cache depends postgresql | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
    [[ -n $version ]] || { echo "the package postgresql names no version" >&2; exit 1; }
    # The server, and of its libraries those that are not here; the one that compiles queries is large and not needed.
    packages=$(apt-get install -s --no-install-recommends "$version" |
        awk '/^Inst (lib|postgresql-client-[0-9])/ && !/^Inst (libllvm|[^ ]*-dev)/ { print $2 }')
    making=$root.making
    rm -rf --one-file-system "$making"
    mkdir -p "$making/packages"
    # shellcheck disable=SC2086
    (cd "$making/packages" && apt-get -q download "$version" $packages) >&2
    for package in "$making"/packages/*.deb; do
        dpkg-deb -x "$package" "$making"
    done
    rm -rf "$making/packages" "$making"/usr/share/{doc,man,locale}
    # Made under another name, so that an interrupted download is not taken for a whole one.
    rm -rf --one-file-system "$root"
    mv "$making" "$root"
fi
dirname "$(programs "$root")"
