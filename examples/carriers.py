#!/usr/bin/env python3
"""The share of each carrier in each prefix, hour by hour, from the summaries that --append gathered.

    python3 carriers.py history.csv > carriers.csv

Needs pandas. An hour without a classified trace has no row: a gap or an outage, which are no shares.
"""

import sys

import pandas

runs = pandas.read_csv(sys.argv[1], parse_dates=["started_at"])
runs = runs[runs["complete"] & runs["carriers"].notna()]

# `TransTeleCom=10;Cenbong=6` becomes two rows. A name may have an equals sign in it, a count has none.
each = runs.assign(carrier=runs["carriers"].str.split(";")).explode("carrier")
each[["carrier", "traces"]] = each["carrier"].str.rsplit("=", n=1, expand=True)
each["traces"] = each["traces"].astype(int)
each["hour"] = each["started_at"].dt.floor("h")

where = ["vantage", "method", "scope", "hour"]
traces = each.groupby([*where, "carrier"], as_index=False)["traces"].sum()
traces["share"] = traces["traces"] / traces.groupby(where)["traces"].transform("sum")
traces.to_csv(sys.stdout, index=False, float_format="%.4f")
