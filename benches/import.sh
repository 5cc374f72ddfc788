#!/bin/bash
# Measures how quickly results of RIPE Atlas and texts of traceroute programs are judged, beside programs that
# only read them, and prints the tables of BENCHMARKS.md.
#
#   benches/import.sh [MiB] [rounds]     that much input (default: 512), each row so many times (5)
#
# Needs Rust, jq, python3 with venv (for ripe.atlas.sagan, which pip fetches), gzip, bzip2, zstd and
# GNU time; and six times the input, and at least 2 GiB, in /dev/shm or in the folder that FOLDER names.
set -euo pipefail

cd "$(dirname "$0")/.."
mib=${1-512}
rounds=${2-5}
folder=$(mktemp -d -p "${FOLDER-/dev/shm}" lasthop-import.XXXXXX)
trap 'rm -rf "$folder"' EXIT
lasthop=target/release/lasthop

# ---------------------------------------------------------------- what is read

# Results: a file's name, its MiB, and how many of 100 go to the block.
results() {
    cargo bench -q --bench import_atlas -- --write "$folder/$1" --mib "$2" --home "$3" >"$folder/$1.count"
}

# Texts: a file's name, and an option of the writer. What it says is in them must come out.
texts() {
    cargo bench -q --bench import_text -- --write "$folder/$1" --mib "$mib" ${2-} >"$folder/$1.count"
    local found=$("$lasthop" classify -q --format csv "$folder/$1" | awk -F, '
        NR == 1 { for (place = 1; place <= NF; place++) column[$place] = place }
        NR == 2 { printf "china %d, russia %d,", $column["china"], $column["russia"] }')
    if [[ $(cat "$folder/$1.count") != *"$found"* || -z $found ]]; then
        echo "$1: $(cat "$folder/$1.count"), but found: $found" >&2
        exit 1
    fi
}

prepare() {
    cargo build -q --release
    texts mixed
    texts plain --plain
    results all "$mib" 100
    results few "$mib" 1
    results short 16 100
    gzip -k "$folder/all"
    bzip2 -k "$folder/all"
    zstd -q "$folder/all"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" -q --disable-pip-version-check install ripe.atlas.sagan
    cat >"$folder/sagan.py" <<'PYTHON'
import sys
from ripe.atlas.sagan import TracerouteResult
for line in open(sys.argv[1]):
    print(TracerouteResult(line).destination_address)
PYTHON
}

# ---------------------------------------------------------------- how it is measured

# The fastest of some rounds, because other work on the machine can only make them slower: a row's
# name, the file that is read, whose plain size counts, and the command.
row() {
    local name=$1 bytes=$(stat -c %s "$2") times=$folder/times
    shift 2
    : >"$times"
    for ((round = 0; round < rounds; round++)); do
        command time -a -o "$times" -f '%e %U %S %M' "$@" >/dev/null 2>&1
    done
    sort -g "$times" | awk -v name="$name" -v bytes="$bytes" '
        !/^[0-9.]+ [0-9.]+ / { next }
        !seen++ { wall = $1 }
        { cpu = !most || $2 + $3 < cpu ? $2 + $3 : cpu; most = $4 > most ? $4 : most }
        END {
            printf "| %s | %.0f | %.2f | %.2f | %.0f |\n", name, bytes / 1e6 / wall, wall,
                cpu * 1e9 / bytes, most / 1024
        }'
}

head_of_rows() {
    echo
    echo "| $1 | MB/s | s | CPU, s/GB | peak memory, MiB |"
    echo "|---|---:|---:|---:|---:|"
}

# The mean of many starts, in milliseconds.
start() {
    local name=$1 times=100
    shift
    local began=$(date +%s%N)
    for ((n = 0; n < times; n++)); do "$@" >/dev/null 2>&1; done
    awk -v name="$name" -v ns=$(($(date +%s%N) - began)) -v n=$times \
        'BEGIN { printf "| `%s` | %.1f |\n", name, ns / n / 1e6 }'
}

# ---------------------------------------------------------------- the tables

prepare
echo "$("$lasthop" --version) ($(git rev-parse --short HEAD)), $(jq --version), ripe.atlas.sagan" \
    "$("$folder/venv/bin/pip" list 2>/dev/null | awk '/sagan/ { print $2 }');" \
    "$(nproc) cores, $mib MiB of $(cat "$folder/all.count") results, $rounds rounds"

head_of_rows "all to the block"
row '`lasthop classify`' "$folder/all" "$lasthop" classify -q "$folder/all"
row '`lasthop classify --traces`' "$folder/all" "$lasthop" classify -q --traces "$folder/traces.csv" "$folder/all"
row '`jq -c .dst_addr`' "$folder/all" jq -c .dst_addr "$folder/all"
row 'ripe.atlas.sagan, of 16 MiB' "$folder/short" "$folder/venv/bin/python" "$folder/sagan.py" "$folder/short"
row '`cat`' "$folder/all" cat "$folder/all"
row '`wc -l`' "$folder/all" wc -l "$folder/all"

head_of_rows "one in 100 to the block"
row '`lasthop classify`' "$folder/few" "$lasthop" classify -q "$folder/few"
row '`jq -c .dst_addr`' "$folder/few" jq -c .dst_addr "$folder/few"

head_of_rows "texts of several programs, with words between"
echo "mixed: $(cat "$folder/mixed.count"); alone: $(cat "$folder/plain.count")" >&2
row '`lasthop classify`, mixed' "$folder/mixed" "$lasthop" classify -q "$folder/mixed"
row '`lasthop classify`, traceroute alone' "$folder/plain" "$lasthop" classify -q "$folder/plain"
row '`wc -l`, mixed' "$folder/mixed" wc -l "$folder/mixed"

head_of_rows "compressed, all to the block; MB of plain text"
for end in gz bz2 zst; do
    row "\`lasthop classify\`, .$end" "$folder/all" "$lasthop" classify -q "$folder/all.$end"
done

rm -f "$folder"/all* "$folder"/few* "$folder"/mixed* "$folder"/plain* "$folder/traces.csv"
rounds=1
head_of_rows "memory"
for size in 100 2048; do
    for home in 100 1; do
        results some $size $home
        row "$size MiB, $home % to the block" "$folder/some" "$lasthop" classify -q "$folder/some"
    done
done

echo
echo "| start | ms |"
echo "|---|---:|"
head -1 "$folder/short" >"$folder/one"
start 'true (what the shell takes)' /bin/true
start 'lasthop --help' "$lasthop" --help
start 'lasthop owner 103.35.255.254' "$lasthop" owner 103.35.255.254
start 'lasthop classify FILE, of one trace' "$lasthop" classify "$folder/one"

echo
cargo bench -q --bench owners
