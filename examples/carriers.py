#!/usr/bin/env python3
"""The share of each carrier in each prefix, hour by hour, from the summaries that --append gathered.

    python3 carriers.py history.csv > carriers.csv

Needs pandas. An hour without a classified trace has no row: a gap or an outage, which are no shares.
"""

import signal
import sys

import pandas

# `head` closes the pipe when it has enough.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)

# As text, so that a vantage named NA is a vantage, and a column that is all empty is no number.
runs = pandas.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
runs["started_at"] = pandas.to_datetime(runs["started_at"], utc=True)
runs = runs[(runs["complete"].str.lower() == "true") & (runs["carriers"] != "")]
if runs.empty:
    sys.exit(print("vantage,method,scope,hour,carrier,traces,share"))

# `TransTeleCom=10;Cenbong=6` becomes two rows. A name may have an equals sign in it, a count has none.
each = runs.assign(carrier=runs["carriers"].str.split(";")).explode("carrier")
each[["carrier", "traces"]] = each["carrier"].str.rsplit("=", n=1, expand=True)
each["traces"] = each["traces"].astype(int)
each["hour"] = each["started_at"].dt.floor("h")

where = ["vantage", "method", "scope", "hour"]
traces = each.groupby([*where, "carrier"], as_index=False)["traces"].sum()
traces["share"] = traces["traces"] / traces.groupby(where)["traces"].transform("sum")
traces.to_csv(sys.stdout, index=False, float_format="%.4f")
