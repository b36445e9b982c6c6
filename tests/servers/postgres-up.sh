#!/usr/bin/env bash
# Starts a PostgreSQL server for the tests on a free port of 127.0.0.1, with a directory and a password of its own, about
# three seconds. Prints what the tests want to know as lines for a shell:
#
#   eval "$(tests/servers/postgres-up.sh)"        start it
#   dotnet test
#   tests/servers/postgres-down.sh                stop it, and everything in it is gone
#
# The server refuses to run as root: started by root it runs as nobody. See postgres-install.sh for where it comes from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$("$here/postgres-install.sh" | tail -n 1)
state=$(mktemp -d "${TMPDIR:-/tmp}/postgres-XXXXXXXX")
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')

as_server=()
if ((EUID == 0)); then
    as_server=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
    chmod 711 "$state"
fi

# Programs that were unpacked into a cache find their libraries there; a cache in root's home is closed to the server.
if [[ $bin != /usr/* ]]; then
    root=${bin%/usr/lib/postgresql/*}
    if ! "${as_server[@]}" test -x "$bin/postgres"; then
        cp -a "$root" "$state/root"
        bin=$state/root${bin#"$root"}
        root=$state/root
    fi
    export LD_LIBRARY_PATH
    LD_LIBRARY_PATH=$(printf '%s:' "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-*)
fi

mkdir "$state/server"
printf '%s\n' "$password" > "$state/server/password"
((EUID == 0)) && chown -R nobody:nogroup "$state/server"
echo "$bin" > "$state/bin"
# A database that sorts as people do, where the server can: what must be ordinal has to say so.
cd "$state/server"
initdb() {
    "${as_server[@]}" "$bin/initdb" -D "$state/server/data" -U test -A scram-sha-256 --pwfile="$state/server/password" -E UTF8 "$@"
}
if ! initdb --locale=C.UTF-8 --locale-provider=icu --icu-locale=en > "$state/server/initdb.log" 2>&1; then
    rm -rf "$state/server/data"
    initdb --no-locale >> "$state/server/initdb.log" 2>&1 || { cat "$state/server/initdb.log" >&2; rm -rf "$state"; exit 1; }
fi

for _ in $(seq 20); do
    port=$((20000 + RANDOM % 12000))
    # A port that someone else has makes the start fail, and the next one is tried.
    if "${as_server[@]}" "$bin/pg_ctl" -D "$state/server/data" -l "$state/server/log" -w -t 60 -s \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$state/server' -c max_connections=200 -c jit=off -c max_wal_size=512MB" \
        start > "$state/server/start.log" 2>&1 < /dev/null 9>&-; then
        echo "export PIPELINEBACKUP_POSTGRES=postgres://test@127.0.0.1:$port/postgres"
        echo "export PIPELINEBACKUP_POSTGRES_PASSWORD=$password"
        echo "export PIPELINEBACKUP_POSTGRES_STATE=$state"
        exit 0
    fi
    grep -q "Address already in use" "$state/server/log" || break
    : > "$state/server/log"
done
cat "$state/server/start.log" "$state/server/log" >&2 || true
"$here/postgres-down.sh" "$state" >&2 || true
echo "PostgreSQL did not start" >&2
exit 1
