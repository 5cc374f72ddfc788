# Prints the tables of BENCHMARKS.md from the results of peers.sh: medians of every row's runs; but of
# those without a limit the fastest, because other programs can only make them slower.
# The columns: table, id, name, packets out and in, seconds, CPU seconds, KiB, right last hops.

BEGIN { FS = "\t"; targets = 1024; sampled = 16 }

{
    if (!($2 in name)) ids[++count] = $2
    table[$2] = $1
    name[$2] = $3
    rounds[$2]++
    for (column = 4; column <= 9; column++) all[$2, column, rounds[$2]] = $column
}

END {
    for (n = 1; n <= count; n++) {
        id = ids[n]
        middle = table[id] == "unlimited" ? 0 : 0.5
        out[id] = median(id, 4); back[id] = median(id, 5); seconds[id] = ranked(id, 6, middle)
        micros[id] = 1e6 * ranked(id, 7, middle) / out[id]; mebis[id] = median(id, 8) / 1024
        right[id] = median(id, 9) / targets
    }
    paced(); sample(); unlimited(); cpu(); goals()
}

function median(id, column) { return ranked(id, column, 0.5) }

# The value above which all but so large a part of the others are.
function ranked(id, column, part,    one, other, below) {
    for (one = 1; one <= rounds[id]; one++) {
        below = 0
        for (other = 1; other <= rounds[id]; other++) {
            if (all[id, column, other] < all[id, column, one]) below++
            else if (all[id, column, other] == all[id, column, one] && other < one) below++
        }
        if (below == int((rounds[id] - 1) * part)) return all[id, column, one]
    }
}

function head(columns,    n) {
    print "\n| " columns " |"
    gsub(/[^|]+/, "---", columns)
    print "|" columns "|"
}

function paced(    n, id) {
    head("1,000 packets/s | packets per target | time | of `scamper -q 1` | right last foreign hops | CPU per packet | peak memory")
    for (n = 1; n <= count; n++) if (table[id = ids[n]] == "paced")
        printf "| `%s` | %.2f | %.1f s | %.2f | %.1f %% | %.0f µs | %.1f MiB |\n",
            name[id], out[id] / targets, seconds[id], seconds[id] / seconds["one"],
            100 * right[id], micros[id], mebis[id]
}

function sample(    n, id) {
    head("one target after the other | packets per target | time per target | CPU per packet")
    for (n = 1; n <= count; n++) if (table[id = ids[n]] == "sample")
        printf "| `%s` | %.2f | %.1f s | %.0f µs |\n",
            name[id], out[id] / sampled, seconds[id] / sampled, micros[id]
}

function unlimited(    n, id) {
    head("no limit | packets | answers | time | answers/s | of the bare loop | CPU per packet | peak memory")
    for (n = 1; n <= count; n++) if (table[id = ids[n]] == "unlimited")
        printf "| `%s` | %d | %d | %.2f s | %d | %.0f %% | %.1f µs | %.1f MiB |\n",
            name[id], out[id], back[id], seconds[id], rate(id), 100 * rate(id) / rate("bare"),
            micros[id], mebis[id]
}

function rate(id) { return back[id] / seconds[id] }

function cpu(    n, id, apart) {
    head("CPU per packet at 10,000 packets/s | routers on the same core | routers on another")
    for (n = 1; n <= count; n++) if (table[id = ids[n]] == "here") {
        apart = id
        sub("here", "apart", apart)
        printf "| `%s` | %.1f µs | %.1f µs |\n", name[id], micros[id], micros[apart]
    }
}

function goals(    most) {
    head("goal | bound | measured | reached")
    goal("packets per target, border first", "at most", 2.5, out["border-raw"] / targets)
    goal("right last foreign hops, border first", "at least", 0.995, right["border-raw"])
    goal("time, of `scamper -q 1`", "at most", 0.2, seconds["border-raw"] / seconds["one"])
    goal("time, of scamper's shortest that is not told where the border is", "at most", 0.4,
        seconds["border-raw"] / least_of(seconds, "one two doubletree hasty"))
    goal("answers/s without a limit, of the bare loop", "at least", 0.8,
        rate("sweeps-raw") / rate("bare"))
    goal("CPU per packet without a limit, half of yarrp's 16 µs", "at most", 8, micros["sweeps-raw"])
    goal("CPU per packet without a limit, of scamper's at 10,000/s", "at most", 0.25,
        micros["sweeps-raw"] / micros["sweep-scamper"])
    goal("CPU per packet at 10,000/s, routers elsewhere, of scamper's", "at most", 0.25,
        micros["apart-raw"] / micros["apart-scamper"])
    most = -least_of(mebis, "border-raw border-user full-raw full-user sweep-raw sweep-user", -1)
    goal("peak memory for the block, MiB", "at most", 16, most)
}

# The least of the values times `sign`, or of the values.
function least_of(values, which, sign,    list, n, least) {
    if (!sign) sign = 1
    n = split(which, list, " ")
    least = sign * values[list[n]]
    while (--n) if (sign * values[list[n]] < least) least = sign * values[list[n]]
    return least
}

function goal(what, which, bound, value,    reached) {
    reached = which == "at most" ? value <= bound : value >= bound
    printf "| %s | %s %s | %.3g | %s |\n", what, which, bound, value, reached ? "yes" : "**no**"
}
