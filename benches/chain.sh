#!/bin/bash
# A chain of 13 Linux routers, each a network namespace, with nothing at its ends but the prober's
# own namespace and the block's hosts: no packet in it can reach anything else.
#
#   benches/chain.sh up [some|all]   build it; so many of the 1,024 addresses answer (default: some)
#   benches/chain.sh routers here    let them work on the prober's core, as they do by themselves
#   benches/chain.sh routers apart   let them work on the second core
#   benches/chain.sh exec CMD...     run a command where the prober stands
#   benches/chain.sh truth           the last foreign hop of every target
#   benches/chain.sh down            take it away
#
# `up` on a chain that stands only changes which addresses answer. Needs root and iproute2.
set -euo pipefail

block=175.45.176.0/22
prober=192.168.1.77
# A home network, its provider, two carriers, China Unicom, the border.
foreign=(
    192.168.1.1 100.64.12.1 129.250.2.1 129.250.4.17 129.250.6.33 4.69.1.1 4.69.140.30
    219.158.102.214 219.158.3.1 219.158.16.65 219.158.39.42 103.35.255.254
)
# The thirteenth router is home: these of each /24 answer, all other packets end there in silence.
alive=(1 9 16 55 67 71 75 81 129)
# Both ends of a link have this address and do no ARP; so nobody has the address "behind" a link.
mac=02:00:00:00:00:01
behind=169.254.0.1
last=$((${#foreign[@]} + 1))

name() { echo "lasthop-bench-$1"; }
# What is done last stands for all that was done before.
stands() { ip -n "$(name 0)" route show "$block" 2>/dev/null | grep -q dev; }
in_node() { ip netns exec "$(name "$1")" "${@:2}"; }

# Namespace 0 is the prober's. Every link is "ahead" at its near end and "back" at its far
# end, which bears the router's address.
add_node() {
    ip netns add "$(name "$1")"
    # No limit on ICMP errors. What is not in the mask passes by both limits, the one per peer and
    # the one of all errors together, which older kernels keep for the whole machine. Packets of
    # IPv6's own would be counted with the probes; where there is none, that is as well.
    in_node "$1" sysctl -eqw \
        net.ipv4.icmp_ratemask=0 net.ipv4.icmp_ratelimit=0 \
        net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
        net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n "$(name "$1")" link set lo up
}

# Links node $1 to the next one, towards the block and back.
link_on() {
    local near far
    near=$(name "$1") far=$(name $(($1 + 1)))
    ip -n "$near" link add name ahead address "$mac" type veth peer name back address "$mac" netns "$far"
    ip -n "$near" link set dev ahead arp off up
    ip -n "$far" link set dev back arp off up
    ip -n "$far" route add "$prober" dev back via "$behind" onlink
    if (($1 < ${#foreign[@]})); then
        ip -n "$far" address add "${foreign[$1]}/32" dev back
    fi
}

settle() {
    local home third host
    home=$(name "$last")
    ip -n "$home" route add blackhole "$block"
    for third in 176 177 178 179; do
        for host in "${alive[@]}"; do
            ip -n "$home" address add "175.45.$third.$host/32" dev lo
        done
    done
}

up() {
    local node
    down
    for ((node = 0; node <= last; node++)); do
        add_node "$node"
    done
    for ((node = 0; node < last; node++)); do
        link_on "$node"
    done
    settle
    # Everybody may open ping sockets, as on many desktops.
    in_node 0 sysctl -qw net.ipv4.ping_group_range='0 2147483647'
    ip -n "$(name 0)" address add "$prober/32" dev ahead
    await
    for ((node = last - 1; node >= 0; node--)); do
        ip -n "$(name "$node")" route add "$block" dev ahead via "$behind" onlink
    done
}

# The kernel starts links in its own time.
await() {
    local try node
    for ((node = 0, try = 0; node <= last && try < 500; )); do
        if ip -n "$(name "$node")" -brief link show | grep -q DOWN; then
            try=$((try + 1))
            sleep 0.01
        else
            node=$((node + 1))
        fi
    done
}

answering() {
    local home
    home=$(name "$last")
    case $1 in
    all) ip -n "$home" route replace local "$block" dev lo ;;
    some) ip -n "$home" route delete local "$block" dev lo 2>/dev/null || true ;;
    *) usage ;;
    esac
}

# A packet is carried on by the core that it came on: here the sender's. The first router's link can
# hand over to another one, and all that follows stays there, but for the prober's own part.
routers() {
    local cores
    case $1 in
    here) cores=0 ;;
    apart) cores=2 ;;
    *) usage ;;
    esac
    in_node 1 bash -c "echo $cores >/sys/class/net/back/queues/rx-0/rps_cpus"
}

down() {
    local node
    for ((node = 0; node <= last; node++)); do
        if [[ -e /run/netns/$(name "$node") ]]; then
            ip netns delete "$(name "$node")"
        fi
    done
}

usage() {
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

if ((EUID != 0)); then
    echo "chain.sh: namespaces with links between them take root" >&2
    exit 3
fi
case ${1-} in
up)
    if ! stands; then up; fi
    answering "${2-some}"
    ;;
exec)
    stands || { echo "chain.sh: no chain; run: $0 up" >&2; exit 1; }
    shift
    # What must not run elsewhere can tell by this name that it is here.
    exec ip netns exec "$(name 0)" env LASTHOP_BENCH="$(name 0)" "$@"
    ;;
routers) routers "${2-}" ;;
truth) echo "${foreign[-1]}" ;;
down) down ;;
*) usage ;;
esac
