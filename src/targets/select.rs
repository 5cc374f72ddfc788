//! Which addresses of the block a run traces: all of them, those asked for, or a sample.

use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{Block, TargetsError};

/// An address or a prefix of the block, as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted(Ipv4Net);

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let prefix = text.parse().or_else(|_| text.parse::<Ipv4Addr>().map(Ipv4Net::from));
        prefix
            .map(|prefix: Ipv4Net| Self(prefix.trunc()))
            .map_err(|_| "expected an IPv4 address or prefix such as 175.45.177.0/24".into())
    }
}

/// The addresses that are `wanted` (all, when it is empty), each once, in a random order.
///
/// # Errors
/// When a wanted address is outside the block.
pub fn select(
    block: &Block,
    wanted: &[Wanted],
    random: &mut impl RngExt,
) -> Result<Vec<Ipv4Addr>, TargetsError> {
    if let Some(Wanted(outside)) = wanted.iter().find(|Wanted(part)| !block.prefix.contains(part)) {
        return Err(TargetsError::Outside { asked: *outside, block: block.prefix });
    }
    let whole = [Wanted(block.prefix)];
    let parts = if wanted.is_empty() { &whole[..] } else { wanted };
    let mut addresses: Vec<Ipv4Addr> = parts
        .iter()
        .flat_map(|Wanted(part)| {
            (u32::from(part.network())..=u32::from(part.broadcast())).map(Ipv4Addr::from)
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.shuffle(random);
    Ok(addresses)
}

/// At most `most` addresses of each routed prefix; the order stays.
#[must_use]
pub fn sample(block: &Block, addresses: &[Ipv4Addr], most: usize) -> Vec<Ipv4Addr> {
    let mut taken = vec![0_usize; block.routed_prefixes().len()];
    let mut room = |address: &Ipv4Addr| {
        let Some(count) = block.routed_index(*address).and_then(|index| taken.get_mut(index))
        else {
            return false;
        };
        *count += 1;
        *count <= most
    };
    addresses.iter().copied().filter(|address| room(address)).collect()
}
