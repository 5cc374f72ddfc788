# The share of each class in the block over time, its interval, and the outages, as a picture:
#
#     gnuplot shares.gnuplot            reads history.csv, writes shares.svg
#
# Other files and another prefix:
#
#     gnuplot -e "history='a.csv'; scope='175.45.178.0/24'; picture='b.svg'" shares.gnuplot

if (!exists("history")) history = "history.csv"
if (!exists("scope")) scope = "175.45.176.0/22"
if (!exists("picture")) picture = "shares.svg"

set datafile separator comma
set datafile missing ""
set datafile columnheaders
set timefmt "%Y-%m-%dT%H:%M:%S"
set xdata time
set format x "%H:%M\n%Y-%m-%d"
set yrange [0:1]
set rmargin 8
set ylabel "share of classified traces"
set key outside below
set title sprintf("%s, last foreign hop (UTC)", scope)
set errorbars 0

# Orange and blue, which colour-blind readers can tell apart; the intervals are lighter.
set style line 1 linecolor rgb "#d55e00" pointtype 7 pointsize 0.35
set style line 2 linecolor rgb "#0072b2" pointtype 7 pointsize 0.35
set style line 3 linecolor rgb "#c8d55e00" linewidth 2 pointsize 0
set style line 4 linecolor rgb "#c80072b2" linewidth 2 pointsize 0
set style line 5 linecolor rgb "#606060" linewidth 2

# Rows of other scopes, and runs without a share, are no points.
share(name) = strcol("scope") eq scope ? column(name) : NaN
outage(verdict) = strcol("scope") eq scope && verdict eq "unreached" ? 1 : NaN

set terminal svg size 1000,420 dynamic background "white"
set output picture
plot history using "started_at":(outage(strcol("verdict"))) with impulses linestyle 5 title "unreached", \
     "" using "started_at":(share("china_share")):(share("china_low")):(share("china_high")) \
         with yerrorbars linestyle 3 notitle, \
     "" using "started_at":(share("russia_share")):(share("russia_low")):(share("russia_high")) \
         with yerrorbars linestyle 4 notitle, \
     "" using "started_at":(share("china_share")) with points linestyle 1 title "china", \
     "" using "started_at":(share("russia_share")) with points linestyle 2 title "russia"
