#!/bin/bash
# Measures lasthop and its peers in the chain of chain.sh, one after the other, and prints the tables
# of BENCHMARKS.md.
#
#   benches/peers.sh [rounds]     every row so many times, for the medians (default: 3)
#
# Needs root, Rust, and of Debian's packages: iproute2 procps util-linux time scamper traceroute
# mtr-tiny. A round takes some five minutes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
rounds=${1-3}
# What a command is started by.
by=()

chain() { "$here/chain.sh" "$@"; }

# ---------------------------------------------------------------- what is run

# At 1,000 packets a second, where a few dozen targets answer.
paced() {
    table=paced
    chain up some
    lasthop border-raw '--strategy border' raw --strategy border --rate 1000
    lasthop border-user '--strategy border' user --strategy border --rate 1000
    lasthop full-raw '--strategy full' raw --strategy full --rate 1000
    lasthop full-user '--strategy full' user --strategy full --rate 1000
    scamper one '-q 1' 1000 -q 1
    scamper two '-q 2' 1000 -q 2
    scamper doubletree '-q 1 -w 1 -f 7 -Z' 1000 -q 1 -w 1 -f 7 -Z here
    scamper hasty '-q 1 -w 1 -f 7 -Z -g 1' 1000 -q 1 -w 1 -f 7 -Z here -g 1
    scamper told-depth '-q 1 -w 1 -f 12 -m 13' 1000 -q 1 -w 1 -f 12 -m 13
    scamper told-border '-q 1 -w 1 -f 12 -Z -z' 1000 -q 1 -w 1 -f 12 -Z here -z "$(chain truth)"
}

# Programs for one target at a time: sixteen targets.
sample() {
    table=sample
    chain up some
    # shellcheck disable=SC2016 # expands inside
    by=(bash -c 'for n in 1 2 3 4; do
        for third in 176 177 178 179; do "$@" "175.45.$third.$((n * 9))"; done
    done' each)
    measure traceroute 'traceroute -I -q 1 -w 1' traceroute -I -n -q 1 -w 1
    measure mtr 'mtr -c 1 -G 1' mtr -n -r -c 1 -G 1
    by=()
}

# As fast as they can, where every target answers.
unlimited() {
    table=unlimited
    chain up all
    measure bare 'bare loop, 8 sweeps' ./bare_loop 8
    lasthop sweeps-raw '--flows 8' raw --strategy full --rate 0 --flows 8
    lasthop sweeps-user '--flows 8' user --strategy full --rate 0 --flows 8
    lasthop sweep-raw '' raw --strategy full --rate 0
    lasthop sweep-user '' user --strategy full --rate 0
    scamper sweep-scamper '-q 1 -p 10000' 10000 -q 1
}

# All at one rate, with the routers on the prober's core or on another one.
cpu() {
    chain up all
    by=(taskset -c 0)
    for table in here apart; do
        chain routers $table
        lasthop $table-raw '--strategy full' raw --strategy full --rate 10000
        lasthop $table-user '--strategy full' user --strategy full --rate 10000
        scamper $table-scamper '-q 1' 10000 -q 1
    done
    chain routers here
    by=()
}

lasthop() {
    local id=$1 name="lasthop $2" wire=$3 as=()
    shift 3
    if [[ $wire == user ]]; then
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
    fi
    measure "$id" "${name% } --wire $wire" "${as[@]}" env HOME="$work" \
        ./lasthop probe --wire "$wire" --vantage bench --traces traces.csv "$@"
}

scamper() {
    local id=$1 name="scamper $2" rate=$3
    shift 3
    measure "$id" "$name" scamper -p "$rate" -c "trace -P icmp-paris $*" \
        -O warts -o warts -f addresses
}

# ---------------------------------------------------------------- how it is measured

# Adds a line to the results: table, id, name, packets out and in, seconds, CPU seconds, KiB, traces
# with the right last foreign hop. The packets are counted by the prober's link, the times by the
# shell that waits for the command.
measure() {
    local id=$1 name=$2 before after
    shift 2
    rm -f "$work/warts"
    install -m 666 /dev/null "$work/traces.csv"
    before=$(packets)
    # shellcheck disable=SC2016 # expands inside
    chain exec bash -c '
        cd "$1"
        shift
        TIMEFORMAT="%3R %3U %3S"
        { time /usr/bin/time -o memory -f %M timeout 300 "$@" >stdout 2>stderr; } 2>times
    ' measure "$work" "${by[@]}" "$@" || {
        echo "peers.sh: $id: $*" >&2
        cat "$work/stderr" >&2
        exit 1
    }
    after=$(packets)
    echo "$before $after $(cat "$work/times") $(tail -n 1 "$work/memory") $(right)" |
        awk -v OFS='\t' -v start="$table	$id	$name" '
            { print start, $3 - $1, $4 - $2, $5, $6 + $7, $8, $9 }' | tee -a "$work/results" >&2
}

packets() {
    chain exec cat /sys/class/net/ahead/statistics/{tx,rx}_packets | paste -s -d ' '
}

right() {
    last_hops | grep -cxF "$(chain truth)" || true
}

# A line for each trace of the last command, if it left any.
last_hops() {
    if [[ -s $work/traces.csv ]]; then
        awk -F, 'NR == 1 { for (n = 1; n <= NF; n++) column[$n] = n; next }
            { print $column["last_hop"] }' "$work/traces.csv"
    elif [[ -s $work/warts ]]; then
        sc_warts2text "$work/warts" | awk '
            /^traceroute/ { if (NR > 1) print last; last = "none"; next }
            $2 !~ /^(\*|175\.45\.17[6789]\..*)$/ { last = $2 }
            END { print last }'
    fi
}

# Copies what is measured to where every user may read it.
build() {
    local built
    cd "$here/.."
    cargo build --release >&2
    cargo build --release --example bare_loop >&2
    built=${CARGO_TARGET_DIR-target}/release
    cp "$built/lasthop" "$built/examples/bare_loop" "$work"
}

machine() {
    local version
    version=$("$work/lasthop" --version)
    version+=$(git -C "$here" log -1 --format=' (%h)' -- ../src 2>/dev/null || true)
    echo "$version and scamper $(dpkg-query -W -f '${Version}' scamper)," \
        "$rounds rounds, $(nproc) cores," \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)."
}

if ((EUID != 0)); then
    echo "peers.sh: namespaces and scamper take root" >&2
    exit 3
fi
work=$(mktemp -d)
trap 'chain down; rm -rf "$work"' EXIT
chmod 755 "$work"
seq 0 1023 | awk '{ print "175.45." 176 + int($1 / 256) "." $1 % 256 }' >"$work/addresses"
# Where scamper locks itself up.
mkdir -p /var/empty
build
for ((round = 0; round < rounds; round++)); do
    paced
    sample
    # What takes no time is measured more often, because it wanders more.
    for _ in 1 2 3; do
        unlimited
        cpu
    done
done
machine
awk -f "$here/tables.awk" "$work/results"
