//! The MPLS labels that a router appends to an ICMP error (RFC 4884, RFC 4950).

use pnet::packet::util;

use crate::trace::MplsLabel;

/// Where extensions begin when the length field is not used, as older routers do it
/// (RFC 4884, section 5.5).
const OLD_START: usize = 128;

/// The labels in `body`, which is an ICMP error behind its eight bytes of header; `words` is the
/// length of the quote in 32-bit words as the header gives it, or 0. Anything malformed has none.
pub(super) fn labels(body: &[u8], words: u8) -> Box<[MplsLabel]> {
    at(body, if words == 0 { OLD_START } else { usize::from(words) * 4 })
}

/// The labels in what the kernel hands on of a quote, which is all but `cut` bytes of it. It does
/// not hand on the length.
pub(super) fn labels_behind(rest: &[u8], cut: usize) -> Box<[MplsLabel]> {
    at(rest, OLD_START - cut)
}

fn at(bytes: &[u8], start: usize) -> Box<[MplsLabel]> {
    match bytes.get(start..) {
        Some(extension) if extension.len() >= 8 => objects(extension),
        _ => Box::default(),
    }
}

fn objects(extension: &[u8]) -> Box<[MplsLabel]> {
    let sum = util::checksum(extension, 1);
    let written = u16::from_be_bytes([extension[2], extension[3]]);
    if extension[0] >> 4 != 2 || (written != 0 && written != sum) {
        return Box::default();
    }
    let mut labels = Vec::new();
    let mut rest = &extension[4..];
    while let [high, low, class, kind, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(object) = rest.get(4..length) else { break };
        if (class, kind) == (1, 1) {
            labels.extend(object.chunks_exact(4).map(entry));
        }
        rest = &rest[length..];
    }
    labels.into()
}

fn entry(bytes: &[u8]) -> MplsLabel {
    let word = bytes.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    MplsLabel { label: word >> 12, ttl: bytes[3] }
}
