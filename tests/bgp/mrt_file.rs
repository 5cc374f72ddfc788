//! MRT files written byte by byte (RFC 6396, 8050, 4271).

use std::net::{IpAddr, Ipv4Addr};

/// A peer, by the last byte of its address in 198.51.100.0/24, with its AS.
pub(crate) type PeerOf = (u8, u32);

/// A file that grows record by record.
#[derive(Default, Clone)]
pub(crate) struct MrtFile(pub(crate) Vec<u8>);

/// One segment of a path: a sequence, or a set.
pub(crate) enum Segment<'a> {
    Sequence(&'a [u32]),
    Set(&'a [u32]),
    Confederation(&'a [u32]),
}

pub(crate) fn attribute(flags: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags | 0x10, kind];
    bytes.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    bytes.extend(value);
    bytes
}

fn segments(path: &[Segment<'_>], four: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for segment in path {
        let (kind, asns) = match segment {
            Segment::Set(asns) => (1, asns),
            Segment::Sequence(asns) => (2, asns),
            Segment::Confederation(asns) => (3, asns),
        };
        bytes.extend([kind, u8::try_from(asns.len()).expect("short")]);
        for asn in *asns {
            match (four, u16::try_from(*asn)) {
                (true, _) => bytes.extend(asn.to_be_bytes()),
                (false, Ok(short)) => bytes.extend(short.to_be_bytes()),
                (false, Err(_)) => bytes.extend(23456_u16.to_be_bytes()),
            }
        }
    }
    bytes
}

/// AS_PATH.
pub(crate) fn as_path(path: &[Segment<'_>], four: bool) -> Vec<u8> {
    attribute(0x40, 2, &segments(path, four))
}

/// AS4_PATH.
pub(crate) fn as4_path(path: &[Segment<'_>]) -> Vec<u8> {
    attribute(0xc0, 17, &segments(path, true))
}

/// Prefixes, each with the number of its path if there are several.
pub(crate) fn nlri(prefixes: &[&str], path_id: Option<u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for prefix in prefixes {
        let (address, length) = prefix.split_once('/').expect("a prefix");
        let (address, length): (Ipv4Addr, u8) =
            (address.parse().expect("an address"), length.parse().expect("a length"));
        bytes.extend(path_id.into_iter().flat_map(u32::to_be_bytes));
        bytes.push(length);
        bytes.extend(&address.octets()[..usize::from(length.div_ceil(8))]);
    }
    bytes
}

/// A BGP UPDATE without its header: withdrawn, attributes, announced.
pub(crate) fn update(withdrawn: &[u8], attributes: &[u8], announced: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_be_bytes();
    let mut bytes = length(withdrawn).to_vec();
    bytes.extend(withdrawn);
    bytes.extend(length(attributes));
    bytes.extend(attributes);
    bytes.extend(announced);
    bytes
}

pub(crate) fn address(peer: PeerOf) -> IpAddr {
    Ipv4Addr::new(198, 51, 100, peer.0).into()
}

impl MrtFile {
    pub(crate) fn record(&mut self, at: u32, kind: u16, subtype: u16, body: &[u8]) -> &mut Self {
        self.0.extend(at.to_be_bytes());
        self.0.extend(kind.to_be_bytes());
        self.0.extend(subtype.to_be_bytes());
        self.0.extend(u32::try_from(body.len()).expect("short").to_be_bytes());
        self.0.extend(body);
        self
    }

    fn bgp4mp(peer: PeerOf, four: bool) -> Vec<u8> {
        let mut body = Vec::new();
        for asn in [peer.1, 64_512] {
            if four {
                body.extend(asn.to_be_bytes());
            } else {
                body.extend(u16::try_from(asn).unwrap_or(23456).to_be_bytes());
            }
        }
        body.extend([0, 0, 0, 1, 198, 51, 100, peer.0, 198, 51, 100, 254]);
        body
    }

    /// A message of a peer: subtype 1, 4, 8 or 9.
    pub(crate) fn message(
        &mut self,
        at: u32,
        subtype: u16,
        peer: PeerOf,
        kind: u8,
        message: &[u8],
    ) -> &mut Self {
        let mut body = Self::bgp4mp(peer, matches!(subtype, 4 | 9));
        body.extend([0xff; 16]);
        body.extend(u16::try_from(message.len() + 19).expect("short").to_be_bytes());
        body.push(kind);
        body.extend(message);
        self.record(at, 16, subtype, &body)
    }

    /// A peer announces prefixes, all by one path.
    pub(crate) fn announce(
        &mut self,
        at: u32,
        peer: PeerOf,
        path: &[u32],
        prefixes: &[&str],
    ) -> &mut Self {
        let attributes = as_path(&[Segment::Sequence(path)], true);
        self.message(at, 4, peer, 2, &update(&[], &attributes, &nlri(prefixes, None)))
    }

    /// A peer withdraws prefixes.
    pub(crate) fn withdraw(&mut self, at: u32, peer: PeerOf, prefixes: &[&str]) -> &mut Self {
        self.message(at, 4, peer, 2, &update(&nlri(prefixes, None), &[], &[]))
    }

    /// The session with a peer changes to a state; 6 is established.
    pub(crate) fn state(&mut self, at: u32, peer: PeerOf, state: u16) -> &mut Self {
        let mut body = Self::bgp4mp(peer, true);
        body.extend(1_u16.to_be_bytes());
        body.extend(state.to_be_bytes());
        self.record(at, 16, 5, &body)
    }

    /// TABLE_DUMP_V2: who the peers are.
    pub(crate) fn peers(&mut self, at: u32, peers: &[PeerOf]) -> &mut Self {
        let mut body = vec![198, 51, 100, 254, 0, 0];
        body.extend(u16::try_from(peers.len()).expect("few").to_be_bytes());
        for peer in peers {
            body.extend([2, 198, 51, 100, peer.0, 198, 51, 100, peer.0]);
            body.extend(peer.1.to_be_bytes());
        }
        self.record(at, 13, 1, &body)
    }

    /// TABLE_DUMP_V2: the routes of peers, by their places, to a prefix.
    pub(crate) fn routes(&mut self, at: u32, prefix: &str, routes: &[(u16, &[u32])]) -> &mut Self {
        let mut body = vec![0; 4];
        body.extend(nlri(&[prefix], None));
        body.extend(u16::try_from(routes.len()).expect("few").to_be_bytes());
        for (peer, path) in routes {
            let attributes = as_path(&[Segment::Sequence(path)], true);
            body.extend(peer.to_be_bytes());
            body.extend((at - 1000).to_be_bytes());
            body.extend(u16::try_from(attributes.len()).expect("short").to_be_bytes());
            body.extend(attributes);
        }
        self.record(at, 13, 2, &body)
    }

    /// Prefixes outside the block, which make a table of many: all peers have them.
    pub(crate) fn others(&mut self, at: u32, count: u8, peers: u16) -> &mut Self {
        for number in 0..count {
            let routes: Vec<(u16, &[u32])> = (0..peers).map(|peer| (peer, &[64_511][..])).collect();
            self.routes(at, &format!("10.{number}.0.0/16"), &routes);
        }
        self
    }

    /// Written to a file of this name.
    pub(crate) fn save(&self, path: &std::path::Path) {
        std::fs::write(path, &self.0).expect("written");
    }
}
