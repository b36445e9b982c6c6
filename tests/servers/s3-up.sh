#!/usr/bin/env bash
# Starts an S3 server for the tests: Ceph's RADOS Gateway with one monitor and one object store in memory, on free ports
# of 127.0.0.1, about 15 seconds. Prints what the tests want to know as lines for a shell:
#
#   eval "$(tests/servers/s3-up.sh)"        start it
#   dotnet test
#   tests/servers/s3-down.sh                stop it, and everything in it is gone
#
# Needs root; see s3-install.sh for where the program comes from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$("$here/s3-install.sh" | tail -1)
state=$(mktemp -d "$root/var/tmp/s3-XXXXXX")
chmod 755 "$state"
inside=${state#"$root"}
access=TESTACCESSKEY
secret=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
conf=$inside/ceph.conf
mkdir -p "$state"/{mon,osd,log,run}

in_root() { chroot "$root" "$@" </dev/null; }
# A daemon of its own session, whose pipes nobody waits for.
daemon() {
    local name=$1
    shift
    setsid chroot "$root" "$@" -c "$conf" -f </dev/null >"$state/log/$name.out" 2>&1 &
    echo $! > "$state/$name.pid"
}
fail() {
    echo "the S3 server did not start: $*" >&2
    tail -n 5 "$state"/log/*.out >&2 || true
    "$here/s3-down.sh" "$state" >&2 || true
    exit 1
}
# 100 tries of 0.2 s and more.
until_true() {
    local what=$1
    shift
    for _ in $(seq 150); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    fail "$what"
}

# Ports that nobody listens on now: pairs from a random place, looked at in /proc/net.
listening() { grep -qiE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") .* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    free=1
    for ((p = port; p < port + 40; p++)); do listening $p && { free=0; break; }; done
    ((free)) && break
done
((free)) || fail "no free ports"

fsid=$(cat /proc/sys/kernel/random/uuid)
cat > "$state/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$((port + 2))/0,v1:127.0.0.1:$((port + 1))/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_port_min = $((port + 10))
ms_bind_port_max = $((port + 39))
keyring = $inside/keyring
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
run_dir = $inside/run
admin_socket = $inside/run/\$name.asok
log_file = $inside/log/\$name.log
pid_file = $inside/run/\$name.pid
debug_ms = 0
[mon]
mon_data = $inside/mon
mon_data_avail_crit = 1
mon_data_avail_warn = 2
[osd]
osd_data = $inside/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
memstore_page_set = true
osd_memory_target = 939524096
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_dns_name = localhost
rgw_thread_pool_size = 32
rgw_max_concurrent_requests = 256
rgw_enable_apis = s3, admin
# What is deleted is gone at once, or the memory of a few runs of the tests would be full of it.
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 2
rgw_gc_processor_max_time = 2
CONF

in_root ceph-authtool --create-keyring "$inside/keyring" --gen-key -n mon. --cap mon "allow *" >/dev/null
for entity in client.admin osd.0 client.rgw; do
    in_root ceph-authtool "$inside/keyring" --gen-key -n $entity --cap mon 'allow *' --cap osd 'allow *' >/dev/null
done
{
    in_root monmaptool --create --clobber --fsid "$fsid" \
        --addv a "[v2:127.0.0.1:$((port + 2)),v1:127.0.0.1:$((port + 1))]" "$inside/monmap"
    in_root ceph-mon -c "$conf" --mkfs -i a --monmap "$inside/monmap" --keyring "$inside/keyring"
} > "$state/log/mkfs.out" 2>&1 || fail "no monitor could be made"
daemon mon ceph-mon -i a
until_true "the monitor does not answer" in_root timeout 10 ceph -c "$conf" -s
in_root ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$(cat /proc/sys/kernel/random/uuid)" > "$state/log/mkfs.out" 2>&1 ||
    fail "no object store could be made"
in_root ceph -c "$conf" osd new "$(cat "$state/osd/fsid")" >/dev/null 2>&1
daemon osd ceph-osd -i 0
osd_is_up() { in_root ceph -c "$conf" osd stat 2>/dev/null | grep -q '1 up'; }
until_true "the object store is not up" osd_is_up
daemon rgw radosgw -n client.rgw
in_root timeout 120 radosgw-admin -c "$conf" user create --uid=test --display-name=test \
    --access-key="$access" --secret-key="$secret" > "$state/log/user.out" 2>&1 || fail "no user could be made"
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port"); }
until_true "the gateway does not answer" answers

cat <<ENV
export PIPELINEBACKUP_S3_ENDPOINT=http://127.0.0.1:$port
export PIPELINEBACKUP_S3_ACCESS_KEY=$access
export PIPELINEBACKUP_S3_SECRET_KEY=$secret
export PIPELINEBACKUP_S3_STATE=$state
ENV
