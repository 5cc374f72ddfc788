//! MRT, the format of route collectors (RFC 6396, 8050): records are skipped by their length, and only what touches
//! the block is looked at.
//!
//! The framing is our own, since all but a few records need no more than that; so are the four attributes that matter.

use std::io::{self, BufRead, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use foldhash::HashMap;
use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::trace::is_simulated;

use super::attributes::{AsSize, Attributes, Bytes, Damaged, Prefixes};
use super::record::{Nlri, Peer, Size, Table, TablePeer, TableRoute, Update, Wanted, What};
use super::sink::Sink;

/// Time, type, subtype, length.
const HEADER: usize = 12;
/// The longest record that anybody writes; one that says more is damaged.
const LONGEST: usize = 16 << 20;
/// How many damaged messages of a file are reported each; all are counted.
const REPORTED: u64 = 3;

const OLD_BGP: u16 = 5;
const TABLE_DUMP: u16 = 12;
const TABLE_DUMP_V2: u16 = 13;
const BGP4MP: u16 = 16;
const BGP4MP_ET: u16 = 17;

/// Whether a file begins with a record of MRT.
pub(super) fn is_mrt(head: &[u8]) -> bool {
    let mut bytes = Bytes(head);
    let mut header = || Ok::<_, Damaged>((bytes.u32()?, bytes.u16()?, bytes.u16()?, bytes.u32()?));
    let Ok((time, kind, subtype, length)) = header() else { return false };
    // From 1993 on, as long as a time takes 32 bits.
    time >= 0x2b00_0000
        && matches!(kind, OLD_BGP | 11..=17 | 32 | 33 | 48 | 49)
        && subtype <= 16
        && usize::try_from(length).is_ok_and(|length| length <= LONGEST)
}

/// Reads a file of MRT to its end, or to where it is damaged.
pub(super) fn read(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut file = File { sink, offset: 0, collector: None, table: None, damaged: 0 };
    let ended = file.records(input);
    if ended.is_err() {
        file.sink.counts.cut = true;
    }
    file.end_table(ended.is_ok() && !file.sink.counts.cut);
    ended.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("at byte {} of what it unpacks to: {error}", file.offset),
        )
    })
}

struct File<'f, 's> {
    sink: &'f mut Sink<'s>,
    /// Where the record begins.
    offset: u64,
    /// The collector, where it is one of the lab. Others call their views anything.
    collector: Option<Arc<str>>,
    table: Option<Building>,
    damaged: u64,
}

/// A table while its records go by.
#[derive(Default)]
struct Building {
    at: Timestamp,
    table: Table,
    sizes: Vec<Size>,
    /// The number of the record in which a peer was seen last, since it may be in one twice.
    seen: Vec<u64>,
    record: u64,
    places: HashMap<Peer, usize>,
}

impl Building {
    fn at(at: Timestamp) -> Self {
        Self { at, ..Self::default() }
    }

    fn add_peer(&mut self, peer: Peer) -> usize {
        self.table.peers.push(TablePeer { peer, size: None });
        self.sizes.push(Size::default());
        self.seen.push(0);
        self.sizes.len() - 1
    }

    /// Counts a prefix of a peer.
    fn count(&mut self, peer: usize, is_default: bool) -> Result<(), Damaged> {
        let (Some(size), Some(seen)) = (self.sizes.get_mut(peer), self.seen.get_mut(peer)) else {
            return Err(Damaged("a route is of a peer that the table does not list"));
        };
        if *seen != self.record {
            *seen = self.record;
            size.prefixes += 1;
        }
        size.has_default |= is_default;
        Ok(())
    }

    fn add(
        &mut self,
        peer: usize,
        nlri: Nlri,
        originated: u32,
        bytes: &[u8],
        size: AsSize,
    ) -> Result<(), Damaged> {
        let path = Attributes::of(bytes)?.as_path(size)?;
        let path = Arc::new(path.unwrap_or_default());
        let since = Timestamp::from_second(i64::from(originated)).ok().filter(|_| originated > 0);
        self.table.routes.push(TableRoute { peer, nlri, path, since });
        Ok(())
    }
}

/// What stands at the beginning of some bytes.
enum Framed {
    Whole(usize),
    Part,
    TooLong(u32),
}

fn frame(bytes: &[u8]) -> Framed {
    let Some(length) = length(bytes) else { return Framed::Part };
    match usize::try_from(length) {
        Ok(whole) if whole > LONGEST => Framed::TooLong(length),
        Ok(whole) if bytes.len() >= HEADER + whole => Framed::Whole(HEADER + whole),
        Ok(_) => Framed::Part,
        Err(_) => Framed::TooLong(length),
    }
}

/// The length that the header of a record says.
fn length(bytes: &[u8]) -> Option<u32> {
    let length = bytes.get(HEADER - 4..HEADER)?;
    length.try_into().map(u32::from_be_bytes).ok()
}

impl File<'_, '_> {
    fn records(&mut self, input: &mut dyn BufRead) -> io::Result<()> {
        let mut apart = Vec::new();
        loop {
            let bytes = input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let mut used = 0;
            let framed = loop {
                match frame(&bytes[used..]) {
                    Framed::Whole(length) => {
                        self.record(&bytes[used..used + length]);
                        used += length;
                    }
                    other => break other,
                }
            };
            if used > 0 {
                input.consume(used);
                continue;
            }
            // A record that goes on behind what is in memory.
            if let Framed::Part = framed {
                apart.clear();
                let mut more = |most: usize, apart: &mut Vec<u8>| {
                    let wanted = most.saturating_sub(apart.len());
                    (&mut *input).take(u64::try_from(wanted).unwrap_or(u64::MAX)).read_to_end(apart)
                };
                more(HEADER, &mut apart)?;
                if let Some(length) = length(&apart) {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if length <= LONGEST {
                        more(HEADER + length, &mut apart)?;
                    }
                }
            }
            match (framed, frame(&apart)) {
                (Framed::TooLong(length), _) | (_, Framed::TooLong(length)) => {
                    self.cut(&format!(
                        "a record says that it has {length} bytes, more than any has; the file is damaged from here on"
                    ));
                    return Ok(());
                }
                (_, Framed::Whole(_)) => {
                    let record = std::mem::take(&mut apart);
                    self.record(&record);
                    apart = record;
                }
                (_, Framed::Part) => {
                    self.cut("the file ends within a record");
                    return Ok(());
                }
            }
        }
    }

    fn cut(&mut self, why: &str) {
        self.sink.counts.cut = true;
        self.sink.problem(self.offset, why);
    }

    /// Takes a record with its header.
    fn record(&mut self, record: &[u8]) {
        self.sink.counts.records += 1;
        let mut bytes = Bytes(record);
        if let Err(Damaged(why)) = self.take(&mut bytes) {
            self.damaged += 1;
            self.sink.counts.damaged += 1;
            if self.damaged <= REPORTED {
                self.sink.problem(self.offset, &format!("{why}; the message is left out"));
            }
        }
        self.offset += u64::try_from(record.len()).unwrap_or_default();
    }

    fn take(&mut self, bytes: &mut Bytes<'_>) -> Result<(), Damaged> {
        let seconds = bytes.u32()?;
        let (kind, subtype) = (bytes.u16()?, bytes.u16()?);
        bytes.u32()?;
        let micros = if kind == BGP4MP_ET { bytes.u32()? } else { 0 };
        let nanos = i32::try_from(micros.min(999_999) * 1000).unwrap_or_default();
        let at = Timestamp::new(i64::from(seconds), nanos).unwrap_or(Timestamp::UNIX_EPOCH);
        match (kind, subtype) {
            (TABLE_DUMP_V2, 1) => self.peers(at, bytes),
            (TABLE_DUMP_V2, 2 | 8) => self.routes(bytes, subtype == 8),
            (TABLE_DUMP, 1) => self.old_route(at, bytes),
            (BGP4MP | BGP4MP_ET, 0 | 1 | 4 | 5 | 8 | 9) => {
                self.sink.now(at);
                self.sink.recorded(at, self.collector.as_ref());
                self.message(at, subtype, bytes)
            }
            // IPv6, multicast, and what the collector itself sent.
            (TABLE_DUMP_V2 | TABLE_DUMP | BGP4MP | BGP4MP_ET, _) => Ok(()),
            (OLD_BGP, _) => {
                self.sink.counts.old += 1;
                Ok(())
            }
            _ => {
                self.sink.counts.other_types += 1;
                Ok(())
            }
        }
    }

    /// `PEER_INDEX_TABLE`: a table begins.
    fn peers(&mut self, at: Timestamp, bytes: &mut Bytes<'_>) -> Result<(), Damaged> {
        self.end_table(true);
        bytes.take(4)?;
        let view = bytes.u16()?;
        let view = std::str::from_utf8(bytes.take(usize::from(view))?).unwrap_or_default();
        self.collector = is_simulated(view).then(|| view.into());
        let mut building = Building::at(at);
        for _ in 0..bytes.u16()? {
            let kind = bytes.u8()?;
            bytes.take(4)?;
            let address = address(bytes, kind & 1 != 0)?;
            let asn = if kind & 2 == 0 { u32::from(bytes.u16()?) } else { bytes.u32()? };
            building.add_peer(Peer::new(address, asn));
        }
        self.table = Some(building);
        Ok(())
    }

    /// The routes of all peers to one prefix.
    fn routes(&mut self, bytes: &mut Bytes<'_>, add_path: bool) -> Result<(), Damaged> {
        let building =
            self.table.as_mut().ok_or(Damaged("routes stand before the list of their peers"))?;
        building.record += 1;
        bytes.u32()?;
        let length = bytes.u8()?;
        if length > 32 {
            return Err(Damaged("a prefix is longer than 32 bits"));
        }
        let mut network = [0; 4];
        let given = bytes.take(usize::from(length.div_ceil(8)))?;
        network[..given.len()].copy_from_slice(given);
        let network = u32::from_be_bytes(network);
        let wanted = self.sink.wanted.has(network, length);
        for _ in 0..bytes.u16()? {
            let peer = usize::from(bytes.u16()?);
            let originated = bytes.u32()?;
            let path_id = if add_path { bytes.u32()? } else { 0 };
            let attributes = bytes.u16()?;
            let attributes = bytes.take(usize::from(attributes))?;
            building.count(peer, length == 0)?;
            if wanted {
                let prefix = Ipv4Net::new(network.into(), length)
                    .map_err(|_| Damaged("a prefix is malformed"))?;
                self.sink.counts.announced += 1;
                building.add(
                    peer,
                    Nlri { prefix: prefix.trunc(), path_id },
                    originated,
                    attributes,
                    AsSize::Four,
                )?;
            }
        }
        Ok(())
    }

    /// `TABLE_DUMP`: one route of one peer (RFC 6396, 4.2).
    fn old_route(&mut self, at: Timestamp, bytes: &mut Bytes<'_>) -> Result<(), Damaged> {
        let (_view, _sequence) = (bytes.u16()?, bytes.u16()?);
        let network = bytes.u32()?;
        let (length, _status) = (bytes.u8()?, bytes.u8()?);
        let originated = bytes.u32()?;
        let address = address(bytes, false)?;
        let asn = u32::from(bytes.u16()?);
        let attributes = bytes.u16()?;
        let attributes = bytes.take(usize::from(attributes))?;
        if length > 32 {
            return Err(Damaged("a prefix is longer than 32 bits"));
        }
        let building = self.table.get_or_insert_with(|| Building::at(at));
        let peer = Peer::new(address, asn);
        let known = building.places.get(&peer).copied();
        let place = known.unwrap_or_else(|| {
            let place = building.add_peer(peer);
            building.places.insert(peer, place);
            place
        });
        building.record += 1;
        building.count(place, length == 0)?;
        if self.sink.wanted.has(network, length) {
            let prefix = Ipv4Net::new(network.into(), length)
                .map_err(|_| Damaged("a prefix is malformed"))?;
            self.sink.counts.announced += 1;
            let nlri = Nlri { prefix: prefix.trunc(), path_id: 0 };
            building.add(place, nlri, originated, attributes, AsSize::Two)?;
        }
        Ok(())
    }

    /// `BGP4MP`: a message of a peer, or a change of its session (RFC 6396, 4.4; RFC 8050).
    fn message(
        &mut self,
        at: Timestamp,
        subtype: u16,
        bytes: &mut Bytes<'_>,
    ) -> Result<(), Damaged> {
        let size = if matches!(subtype, 4 | 5 | 9) { AsSize::Four } else { AsSize::Two };
        let mut asn = || match size {
            AsSize::Two => bytes.u16().map(u32::from),
            AsSize::Four => bytes.u32(),
        };
        let (asn, local) = (asn()?, asn()?);
        bytes.u16()?;
        let is_v6 = bytes.u16()? == 2;
        let peer = Peer::new(address(bytes, is_v6)?, asn);
        address(bytes, is_v6)?;
        if matches!(subtype, 0 | 5) {
            const ESTABLISHED: u16 = 6;
            let (_before, after) = (bytes.u16()?, bytes.u16()?);
            self.sink.counts.states += 1;
            self.sink.session(at, self.collector.clone(), peer, after == ESTABLISHED);
            return Ok(());
        }
        bytes.take(16)?;
        let length = usize::from(bytes.u16()?);
        let kind = bytes.u8()?;
        let body = bytes.take(length.saturating_sub(19))?;
        match kind {
            // Where sessions are not recorded, these messages show that one begins or ends.
            1 => self.sink.shown(at, self.collector.clone(), peer, true),
            3 => self.sink.shown(at, self.collector.clone(), peer, false),
            2 => {
                return self.update(at, peer, asn == local, (size, matches!(subtype, 8 | 9)), body);
            }
            _ => {}
        }
        Ok(())
    }

    fn update(
        &mut self,
        at: Timestamp,
        peer: Peer,
        internal: bool,
        (size, add_path): (AsSize, bool),
        body: &[u8],
    ) -> Result<(), Damaged> {
        let mut body = Bytes(body);
        let withdrawn = body.u16()?;
        let withdrawn_bytes = body.take(usize::from(withdrawn))?;
        let attributes = body.u16()?;
        let attributes_bytes = body.take(usize::from(attributes))?;
        let nlri = body.0;
        if withdrawn_bytes.is_empty() && attributes_bytes.is_empty() && nlri.is_empty() {
            self.sink.end_of_table(at, self.collector.clone(), peer);
            return Ok(());
        }
        let attributes = Attributes::of(attributes_bytes)?;
        let wanted = self.sink.wanted;
        let (mut announced, mut gone) = (Prefixes::default(), Prefixes::default());
        for bytes in [Some(nlri), attributes.reach].into_iter().flatten() {
            announced.add(bytes, add_path, &wanted)?;
        }
        for bytes in [Some(withdrawn_bytes), attributes.unreach].into_iter().flatten() {
            gone.add(bytes, add_path, &wanted)?;
        }
        let counts = &mut self.sink.counts;
        counts.announced += u64::from(announced.count);
        counts.withdrawn += u64::from(gone.count);
        if announced.count > 0 && self.sink.is_sending(self.collector.as_ref(), peer) {
            let mut all = Prefixes::default();
            for bytes in [Some(nlri), attributes.reach].into_iter().flatten() {
                all.add(bytes, add_path, &Wanted::everything())?;
            }
            let prefix = |nlri: &Nlri| (u32::from(nlri.prefix.network()), nlri.prefix.prefix_len());
            self.sink.counted(at, self.collector.as_ref(), peer, all.wanted.iter().map(prefix));
        }
        if announced.wanted.is_empty() && gone.wanted.is_empty() {
            return Ok(());
        }
        let path = if announced.wanted.is_empty() {
            None
        } else {
            Some(Arc::new(attributes.as_path(size)?.unwrap_or_default()))
        };
        let (announced, withdrawn) = (announced.wanted, gone.wanted);
        let update = Update { announced, path, withdrawn, internal };
        self.sink.give(at, self.collector.clone(), What::Update(peer, update));
        Ok(())
    }

    /// A table has come to its end; `is_whole` unless the file is cut off.
    fn end_table(&mut self, is_whole: bool) {
        let Some(building) = self.table.take() else { return };
        let Building { at, mut table, sizes, .. } = building;
        table.settle(is_whole, &sizes);
        self.sink.give(at, self.collector.clone(), What::Table(table));
    }
}

fn address(bytes: &mut Bytes<'_>, is_v6: bool) -> Result<IpAddr, Damaged> {
    if !is_v6 {
        return Ok(Ipv4Addr::from(bytes.u32()?).into());
    }
    let mut address = [0; 16];
    address.copy_from_slice(bytes.take(16)?);
    Ok(Ipv6Addr::from(address).into())
}
