//! Lines with bars between, as other readers of MRT print them: `bgpdump -m` (with `-p` and `-M` too), `bgpreader`, and
//! the command of `bgpkit-parser`.

use std::io::{self, BufRead, Read as _};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashMap;
use ipnet::Ipv4Net;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::path::AsPath;
use super::record::{Nlri, Peer, Size, Table, TablePeer, TableRoute, Update, What};
use super::sink::Sink;

/// The longest line.
const LONGEST: u64 = 4 << 20;
/// How many lines that cannot be read are reported each.
const REPORTED: u64 = 3;

/// Hands each line to `take`, with its number from 1 and whether it has its end.
pub(super) fn lines(
    input: &mut dyn BufRead,
    mut take: impl FnMut(u64, &[u8], bool),
) -> io::Result<()> {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let mut limited = (&mut *input).take(LONGEST);
        if limited.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        let is_whole = line.ends_with(b"\n");
        let text = line.trim_ascii();
        if !text.is_empty() {
            take(number, text, is_whole);
        }
    }
}

/// What a line of a program says.
enum Line<'a> {
    /// A route of a table, or one that was announced.
    Route {
        is_table: bool,
        nlri: Option<Nlri>,
        path: &'a str,
    },
    Withdrawn(Option<Nlri>),
    Session {
        up: bool,
    },
}

/// A line, whichever program wrote it.
struct Read<'a> {
    at: Timestamp,
    collector: Option<&'a str>,
    peer: Peer,
    line: Line<'a>,
}

pub(super) fn is_bgpdump(head: &[u8]) -> bool {
    first_line(head).is_some_and(|line| {
        [
            "TABLE_DUMP|",
            "TABLE_DUMP2|",
            "TABLE_DUMP2_AP|",
            "BGP4MP|",
            "BGP4MP_ET|",
            "BGP4MP_AP|",
            "BGP4MP_ET_AP|",
        ]
        .iter()
        .any(|kind| line.starts_with(kind))
    })
}

pub(super) fn is_bgpreader(head: &[u8]) -> bool {
    let Some(line) = first_line(head) else { return false };
    let mut cells = line.split('|');
    matches!(cells.next(), Some("R" | "U"))
        && matches!(cells.next(), Some("R" | "A" | "W" | "S" | "B" | "E" | "I" | "V"))
        && cells.next().is_some_and(|time| time.parse::<f64>().is_ok())
}

pub(super) fn is_bgpkit(head: &[u8]) -> bool {
    let Some(line) = first_line(head) else { return false };
    let mut cells = line.split('|');
    matches!(cells.next(), Some("A" | "W"))
        && cells.next().is_some_and(|time| time.parse::<f64>().is_ok())
        && cells.next().is_some_and(|peer| peer.parse::<IpAddr>().is_ok())
}

fn first_line(head: &[u8]) -> Option<&str> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
    std::str::from_utf8(line).ok()
}

pub(super) fn read_bgpdump(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    read(input, sink, bgpdump)
}

pub(super) fn read_bgpreader(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    read(input, sink, bgpreader)
}

pub(super) fn read_bgpkit(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    read(input, sink, bgpkit)
}

type Parse = for<'a> fn(&'a str) -> Result<Option<Read<'a>>, &'static str>;

fn read(input: &mut dyn BufRead, sink: &mut Sink<'_>, parse: Parse) -> io::Result<()> {
    let mut tables = Tables::default();
    let mut damaged = 0;
    let ended = lines(input, |number, line, _| {
        sink.counts.records += 1;
        let line = String::from_utf8_lossy(line);
        let read = match parse(&line) {
            Ok(Some(read)) => take(read, sink, &mut tables),
            Ok(None) => Ok(()),
            Err(why) => Err(why),
        };
        if let Err(why) = read {
            damaged += 1;
            sink.counts.damaged += 1;
            if damaged <= REPORTED {
                sink.problem(number, why);
            }
        }
    });
    tables.end(sink, ended.is_ok());
    ended
}

fn take(read: Read<'_>, sink: &mut Sink<'_>, tables: &mut Tables) -> Result<(), &'static str> {
    let Read { at, collector, peer, line } = read;
    let collector: Option<Arc<str>> = collector.map(Arc::from);
    let is_wanted = |nlri: &Nlri, sink: &Sink<'_>| sink.wanted.has_prefix(nlri.prefix);
    if !matches!(line, Line::Route { is_table: true, .. }) {
        tables.end(sink, true);
        sink.now(at);
    }
    match line {
        Line::Session { up } => {
            sink.counts.states += 1;
            sink.session(at, collector, peer, up);
        }
        Line::Withdrawn(nlri) => {
            let Some(nlri) = nlri else { return Ok(()) };
            sink.counts.withdrawn += 1;
            if is_wanted(&nlri, sink) {
                let update = Update { withdrawn: vec![nlri], ..Update::default() };
                sink.give(at, collector, What::Update(peer, update));
            }
        }
        Line::Route { is_table: true, nlri, path } => {
            let Some(nlri) = nlri else { return Ok(()) };
            sink.counts.announced += 1;
            let building = tables.of(at, collector.as_ref());
            let place = building.count(peer, nlri.prefix);
            if is_wanted(&nlri, sink) {
                let path = Arc::new(AsPath::parse(path).ok_or("the path is malformed")?);
                building.table.routes.push(TableRoute { peer: place, nlri, path, since: None });
            }
        }
        Line::Route { is_table: false, nlri, path } => {
            let Some(nlri) = nlri else { return Ok(()) };
            sink.counts.announced += 1;
            let prefix = (u32::from(nlri.prefix.network()), nlri.prefix.prefix_len());
            sink.counted(at, collector.as_ref(), peer, [prefix]);
            if is_wanted(&nlri, sink) {
                let path = Some(Arc::new(AsPath::parse(path).ok_or("the path is malformed")?));
                let update = Update { announced: vec![nlri], path, ..Update::default() };
                sink.give(at, collector, What::Update(peer, update));
            }
        }
    }
    Ok(())
}

/// The tables of collectors while their lines go by.
#[derive(Default)]
struct Tables(Vec<(Option<Arc<str>>, Building)>);

#[derive(Default)]
struct Building {
    at: Timestamp,
    table: Table,
    sizes: Vec<Size>,
    last: Vec<Option<Ipv4Net>>,
    places: HashMap<Peer, usize>,
}

impl Tables {
    fn of(&mut self, at: Timestamp, collector: Option<&Arc<str>>) -> &mut Building {
        let place = self.0.iter().position(|(name, _)| name.as_ref() == collector);
        let place = place.unwrap_or_else(|| {
            self.0.push((collector.cloned(), Building { at, ..Building::default() }));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    fn end(&mut self, sink: &mut Sink<'_>, is_whole: bool) {
        for (collector, building) in self.0.drain(..) {
            let Building { at, mut table, sizes, .. } = building;
            table.settle(is_whole, &sizes);
            sink.give(at, collector, What::Table(table));
        }
    }
}

impl Building {
    /// Counts a prefix of a peer, which may have several paths to it. Returns the place of the peer.
    fn count(&mut self, peer: Peer, prefix: Ipv4Net) -> usize {
        let known = self.places.get(&peer).copied();
        let place = known.unwrap_or_else(|| {
            self.table.peers.push(TablePeer { peer, size: None });
            self.sizes.push(Size::default());
            self.last.push(None);
            self.places.insert(peer, self.sizes.len() - 1);
            self.sizes.len() - 1
        });
        let size = &mut self.sizes[place];
        if self.last[place].replace(prefix) != Some(prefix) {
            size.prefixes += 1;
        }
        size.has_default |= prefix.prefix_len() == 0;
        place
    }
}

/// `TYPE|time|A or B|peer|peer AS|prefix|path|…`; `_AP` has a path's number behind the prefix, or at the end of a
/// withdrawal; `-p` a number before the time.
fn bgpdump(line: &str) -> Result<Option<Read<'_>>, &'static str> {
    let mut cells: Vec<&str> = line.split('|').collect();
    let is_kind = |cell: Option<&&str>| matches!(cell, Some(&("A" | "B" | "W" | "STATE")));
    if !is_kind(cells.get(2)) && is_kind(cells.get(3)) {
        cells.remove(1);
    }
    let [kind, time, what, peer, asn, ref rest @ ..] = cells[..] else {
        return Err("expected TYPE|time|A, B, W or STATE|peer|AS|…, as bgpdump -m prints");
    };
    let (at, peer) = (time_of(time)?, peer_of(peer, asn)?);
    let add_path = kind.ends_with("_AP");
    let line = match (what, rest) {
        ("STATE", [_, after, ..]) => Line::Session { up: *after == "6" },
        ("W", [prefix, ids @ ..]) => {
            let id = ids.iter().rev().find(|id| !id.is_empty()).filter(|_| add_path);
            Line::Withdrawn(nlri(prefix, id.copied())?)
        }
        ("A" | "B", [prefix, id, path, ..]) if add_path => {
            Line::Route { is_table: what == "B", nlri: nlri(prefix, Some(id))?, path }
        }
        ("A" | "B", [prefix, path, ..]) => {
            Line::Route { is_table: what == "B", nlri: nlri(prefix, None)?, path }
        }
        _ => return Err("expected A, B, W or STATE with its columns, as bgpdump -m prints"),
    };
    Ok(Some(Read { at, collector: None, peer, line }))
}

/// `record|elem|time|project|collector|router|router IP|peer AS|peer|prefix|next hop|path|origin|communities|old|new`.
fn bgpreader(line: &str) -> Result<Option<Read<'_>>, &'static str> {
    let cells: Vec<&str> = line.split('|').collect();
    let [_, elem, time, _, collector, _, _, asn, peer, prefix, _, path, ..] = cells[..] else {
        // The lines that frame a table have less.
        return if matches!(cells.get(1), Some(&("B" | "E" | "I" | "V"))) {
            Ok(None)
        } else {
            Err("expected the 16 columns of bgpreader")
        };
    };
    let line = match elem {
        "R" => Line::Route { is_table: true, nlri: nlri(prefix, None)?, path },
        "A" => Line::Route { is_table: false, nlri: nlri(prefix, None)?, path },
        "W" => Line::Withdrawn(nlri(prefix, None)?),
        "S" => {
            let after = cells.last().copied().unwrap_or_default();
            Line::Session { up: after.eq_ignore_ascii_case("established") || after == "6" }
        }
        "B" | "E" | "I" | "V" => return Ok(None),
        _ => return Err("expected R, A, W or S in the second column, as bgpreader prints"),
    };
    let collector = Some(collector).filter(|name| !name.is_empty());
    Ok(Some(Read { at: time_of(time)?, collector, peer: peer_of(peer, asn)?, line }))
}

/// `A|time|peer|peer AS|prefix|path|…`.
fn bgpkit(line: &str) -> Result<Option<Read<'_>>, &'static str> {
    let cells: Vec<&str> = line.split('|').collect();
    let [what, time, peer, asn, prefix, ref rest @ ..] = cells[..] else {
        return Err("expected A or W|time|peer|AS|prefix|…, as bgpkit-parser prints");
    };
    let line = match (what, rest) {
        ("A", [path, ..]) => Line::Route { is_table: false, nlri: nlri(prefix, None)?, path },
        ("W", _) => Line::Withdrawn(nlri(prefix, None)?),
        _ => return Err("expected A or W in the first column, as bgpkit-parser prints"),
    };
    Ok(Some(Read { at: time_of(time)?, collector: None, peer: peer_of(peer, asn)?, line }))
}

/// Seconds since 1970, with or without decimals, or `10/01/17 09:07:51`.
pub(super) fn time_of(text: &str) -> Result<Timestamp, &'static str> {
    const WRONG: &str = "expected a time: seconds since 1970, or MM/DD/YY HH:MM:SS";
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, ""));
    if let Ok(seconds) = seconds.parse::<i64>() {
        let micros = format!("{decimals:0<6.6}").parse::<i32>().map_err(|_| WRONG)?;
        return Timestamp::new(seconds, micros * 1000).map_err(|_| WRONG);
    }
    let civil = DateTime::strptime("%m/%d/%y %H:%M:%S", text).map_err(|_| WRONG)?;
    Ok(civil.to_zoned(TimeZone::UTC).map_err(|_| WRONG)?.timestamp())
}

fn peer_of(address: &str, asn: &str) -> Result<Peer, &'static str> {
    let address = address.parse().map_err(|_| "expected the address of the peer")?;
    let asn = asn.parse().map_err(|_| "expected the AS of the peer")?;
    Ok(Peer::new(address, asn))
}

/// A prefix of IPv4; nothing for IPv6.
fn nlri(text: &str, path_id: Option<&str>) -> Result<Option<Nlri>, &'static str> {
    if text.contains(':') {
        return Ok(None);
    }
    let prefix: Ipv4Net = text.parse().map_err(|_| "expected a prefix")?;
    let path_id = path_id.map_or(Ok(0), str::parse).map_err(|_| "expected the number of a path")?;
    Ok(Some(Nlri { prefix: prefix.trunc(), path_id }))
}
