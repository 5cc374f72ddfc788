#!/bin/sh
# Adds one run to a history, for cron. What it has to say is on stderr, and cron mails it; not when the last run is
# still under way (exit code 4). 1, nothing could be classified, is perhaps an outage, and worth a row. 8 is a reason:
# this machine has no way out, and its row says nothing about the block.
set -u
# Cron knows few folders.
PATH=/usr/local/bin:$HOME/.cargo/bin:${PATH:-/usr/bin:/bin}
history=${1:-history.csv}
said=$(lasthop probe --quiet --vantage "$(uname -n)" --append "$history" 2>&1 >/dev/null)
code=$?
case $code in
    4) exit 0 ;;
esac
[ -z "$said" ] || echo "$said" >&2
[ "$code" -le 1 ] || exit "$code"
