# shellcheck shell=bash disable=SC2034,SC2154 # the caller's variables
# This machine as several hosts: network namespaces vit-h1, vit-h2, ... on a bridge. Sourced by bash; needs root and iproute2
# (hosts_possible). The caller sets hosts (how many), rate (of a link, as tc writes it, or empty) and work (a folder), and sees
# to it that hosts_down is called at the end. hosts_up sets place: what mpirun needs to start ranks there, one host after
# another.

# Prints what is missing.
hosts_possible() {
    if [[ $(id -u) != 0 ]]; then
        echo 'network namespaces need root'
        return 1
    fi
    if ! command -v ip >/dev/null || ! command -v tc >/dev/null; then
        echo 'ip and tc are missing: install iproute2'
        return 1
    fi
}

hosts_down() {
    local host
    # Those of a caller that was killed too, however many it had.
    for host in $(ip netns list 2>/dev/null | sed -n 's/^\(vit-h[0-9]*\).*/\1/p'); do ip netns delete "$host" || true; done
    # A namespace's end of a link goes later than its name.
    for host in $(ip -o link show 2>/dev/null | sed -n 's/^[0-9]*: \(vit-v[0-9]*\)@.*/\1/p'); do
        ip link delete "$host" 2>/dev/null || true
    done
    ip link delete vit-bridge 2>/dev/null || true
}

shape_link() {
    if [[ $rate ]]; then "$@" root tbf rate "$rate" burst 128kb latency 20ms; fi
}

hosts_up() {
    local i
    hosts_down
    ip link add vit-bridge type bridge
    ip addr add 10.77.0.254/24 dev vit-bridge
    ip link set vit-bridge up
    for ((i = 1; i <= hosts; i++)); do
        ip netns add "vit-h$i"
        ip link add "vit-v$i" type veth peer name eth0 netns "vit-h$i"
        ip link set "vit-v$i" master vit-bridge up
        ip -n "vit-h$i" addr add "10.77.0.$i/24" dev eth0
        ip -n "vit-h$i" link set eth0 up
        ip -n "vit-h$i" link set lo up
        shape_link tc -n "vit-h$i" qdisc add dev eth0
        shape_link tc qdisc add dev "vit-v$i"
        echo "10.77.0.$i slots=64" >>"$work/hosts"
    done
    # mpirun starts its daemons through this instead of ssh.
    cat >"$work/agent" <<'AGENT'
#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=vit-h${1##*.}
shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"
AGENT
    chmod +x "$work/agent"
    place=(--hostfile "$work/hosts" --map-by node --bind-to none --mca plm rsh --mca plm_rsh_agent "$work/agent"
        --mca plm_rsh_no_tree_spawn 1 --mca oob_tcp_if_include 10.77.0.0/24 --mca btl 'tcp,self'
        --mca btl_tcp_if_include 10.77.0.0/24 --mca pml ob1 --mca mpi_yield_when_idle 1)
}

# Bytes that have left all hosts.
bytes_sent() {
    local i total=0
    for ((i = 1; i <= hosts; i++)); do
        total=$((total + $(ip netns exec "vit-h$i" cat /sys/class/net/eth0/statistics/tx_bytes)))
    done
    echo "$total"
}
