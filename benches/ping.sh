#!/bin/bash
# Measures `lasthop ping` beside fping, ping and the surge-ping crate in the chain of chain.sh, and prints
# the tables of BENCHMARKS.md.
#
#   benches/ping.sh [rounds]     every row so many times, for the medians (default: 5)
#
# Needs root, Rust, and of Debian's packages: iproute2 procps util-linux fping iputils-ping. A round
# takes some two minutes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
rounds=${1-5}
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)

chain() { "$here/chain.sh" "$@"; }

# Adds a line to the results: table, name, seconds, CPU seconds, what was found, median RTT in ms,
# packets by the count of the prober's link. What a program writes is told by the function that is named
# first.
measure() {
    local read=$1 table=$2 name=$3 before after
    shift 3
    before=$(packets)
    # shellcheck disable=SC2016 # expands inside
    chain exec bash -c '
        cd "$1"
        shift
        TIMEFORMAT="%3R %3U %3S"
        { time timeout 300 "$@" >stdout 2>stderr; } 2>times || true
    ' measure "$work" "$@"
    after=$(packets)
    # shellcheck disable=SC2046 # two numbers each
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$table" "$name" \
        $(awk '{ print $1, $2 + $3 }' "$work/times") $("$read") $((after - before)) | tee -a "$work/results" >&2
}

packets() { chain exec cat /sys/class/net/ahead/statistics/tx_packets; }

# How many numbers there are, and their median.
median() { sort -n | awk '{ n[NR] = $1 } END { print NR, n[int((NR + 1) / 2)] }'; }

of_lasthop() { awk -F, 'NR > 1 && $7 == "true" { print $12 }' "$work/census.csv" | median; }
# As `-C` prints them: an address, and a time or `-` for each question.
of_fping_c() {
    local hosts
    hosts=$(grep -c ' : .*[0-9]' "$work/stderr")
    echo "$hosts $(sed 's/.* : //' "$work/stderr" | tr ' ' '\n' | grep '^[0-9]' | median | cut -d' ' -f2)"
}
of_fping() { sed -n 's/.*(\([0-9.]*\) ms)/\1/p' "$work/stdout" | median; }
of_ping() {
    echo "$(grep -c ' 0% packet loss' "$work/stdout") $(sed -n 's/.*time=\([0-9.]*\) ms/\1/p' "$work/stdout" |
        median | cut -d' ' -f2)"
}
of_surge() { sed 's/\([0-9]*\) alive, median \([0-9.]*\) ms/\1 \2/' "$work/stdout"; }

lasthop() {
    local table=$1 name=$2 wire=$3 as=()
    shift 3
    if [[ $wire == user ]]; then as=("${nobody[@]}"); fi
    install -m 666 /dev/null "$work/census.csv"
    measure of_lasthop "$table" "lasthop ping $name --wire $wire" "${as[@]}" env HOME="$work" \
        ./lasthop ping --wire "$wire" --vantage bench --census census.csv "$@"
}

# The whole block, of which 36 addresses answer: up to four questions to each, and one, at the same rate.
block() {
    local rate
    for rate in 200 1000; do
        lasthop "block $rate" '--count 1' raw --count 1 --rate $rate
        lasthop "block $rate" '--count 1' user --count 1 --rate $rate
        measure of_fping "block $rate" "fping -r 3" fping -i $((1000 / rate)) -r 3 -a -e -f addresses
        lasthop "block $rate" '--count 1 --attempts 1' raw --count 1 --attempts 1 --rate $rate
        lasthop "block $rate" '--count 1 --attempts 1' user --count 1 --attempts 1 --rate $rate
        measure of_fping "block $rate" "fping -r 0 -t 1000" \
            fping -i $((1000 / rate)) -r 0 -t 1000 -a -e -f addresses
        measure of_surge "block $rate" "surge-ping, one question" ./surge $rate
    done
}

# The hosts that answer, eight questions each, 200 ms apart: how long the round trip takes.
latency() {
    local hosts
    mapfile -t hosts <"$work/alive"
    lasthop latency '--count 8' raw --count 8 "${hosts[@]}"
    lasthop latency '--count 8' user --count 8 "${hosts[@]}"
    measure of_fping_c latency "fping -C 8 -p 200" fping -q -i 5 -C 8 -p 200 -f alive
    # shellcheck disable=SC2016 # expands inside
    measure of_ping latency "ping -c 8 -i 0.2, all at once" \
        bash -c 'for host; do ping -n -c 8 -i 0.2 "$host" & sleep 0.005; done; wait' each "${hosts[@]}"
}

# Medians of each row, in the order in which they came.
tables() {
    awk -F'\t' '
        function median(text,    n, all, i, j, t) {
            n = split(text, all, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && all[j] + 0 < all[j - 1] + 0; j--) {
                    t = all[j]; all[j] = all[j - 1]; all[j - 1] = t
                }
            return all[int((n + 1) / 2)]
        }
        {
            key = $1 FS $2
            if (!(key in time)) order[++rows] = key
            time[key] = time[key] " " $3; cpu[key] = cpu[key] " " $4
            found[key] = found[key] " " $5; rtt[key] = rtt[key] " " $6
            packets[key] = packets[key] " " $7
        }
        END {
            for (row = 1; row <= rows; row++) {
                split(order[row], part, FS)
                if (part[1] != table) {
                    table = part[1]
                    printf "\n| %s | found | packets | time | CPU | median RTT |\n|---|---|---|---|---|---|\n", \
                        table == "latency" ? "36 hosts, 8 questions each" : \
                        "the block at " substr(table, 7) " packets/s"
                }
                key = order[row]
                printf "| `%s` | %d | %d | %.1f s | %.0f ms | %.0f µs |\n", part[2], median(found[key]), \
                    median(packets[key]), \
                    median(time[key]), median(cpu[key]) * 1000, median(rtt[key]) * 1000
            }
        }' "$work/results"
}

build() {
    local built
    cd "$here/.."
    cargo build --release >&2
    cargo build --release --example surge >&2
    built=${CARGO_TARGET_DIR-target}/release
    cp "$built/lasthop" "$built/examples/surge" "$work"
}

if ((EUID != 0)); then
    echo "ping.sh: namespaces with links between them take root" >&2
    exit 3
fi
work=$(mktemp -d)
trap 'chain down; rm -rf "$work"' EXIT
chmod 777 "$work"
seq 0 1023 | awk '{ print "175.45." 176 + int($1 / 256) "." $1 % 256 }' >"$work/addresses"
for third in 176 177 178 179; do
    for last in 1 9 16 55 67 71 75 81 129; do echo "175.45.$third.$last"; done
done >"$work/alive"
build
chain up some
for ((round = 0; round < rounds; round++)); do
    block
    latency
done
echo "$("$work/lasthop" --version), $(fping --version | head -n 1), $(ping -V | head -n 1)," \
    "$rounds rounds, $(nproc) cores," \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)."
tables
