//! The block: the destination addresses, the prefixes in which they are routed, and which of them a run traces.

use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use rand::RngExt;
use rand::seq::SliceRandom;

/// The destination addresses of a run. An address inside is *home*, every other is *foreign*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// All home addresses.
    pub prefix: Ipv4Net,
    /// The length at which the block is announced; never shorter than `prefix`.
    pub routed_length: u8,
    /// The most silent TTLs that are usual between the last foreign hop and the first home reply.
    pub usual_gap: u8,
    /// The holder of the block, for people.
    pub holder: String,
    /// The AS that originates the block.
    pub asn: u32,
}

impl Block {
    /// Whether `address` is home.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.prefix.contains(&address)
    }

    /// The routed prefixes, in the order of their addresses.
    #[must_use]
    pub fn routed_prefixes(&self) -> impl ExactSizeIterator<Item = Ipv4Net> + use<> {
        let (start, length) = (u32::from(self.prefix.network()), self.routed_length);
        (0..self.routed_count()).map(move |index| {
            let network = Ipv4Addr::from(start + (index << (32 - u32::from(length))));
            Ipv4Net::new_assert(network, length)
        })
    }

    /// The index of the routed prefix of `address`, or `None` when it is foreign.
    #[must_use]
    pub fn routed_index(&self, address: Ipv4Addr) -> Option<usize> {
        let offset = u32::from(address).checked_sub(u32::from(self.prefix.network()))?;
        let index = u64::from(offset) >> (32 - u32::from(self.routed_length));
        (index < u64::from(self.routed_count())).then(|| usize::try_from(index).ok())?
    }

    /// The routed prefix of `address`, or `None` when it is foreign.
    #[must_use]
    pub fn routed_prefix(&self, address: Ipv4Addr) -> Option<Ipv4Net> {
        let routed = Ipv4Net::new(address, self.routed_length).ok()?.trunc();
        self.contains(address).then_some(routed)
    }

    /// How many addresses the block has.
    #[must_use]
    pub fn size(&self) -> u64 {
        1 << (32 - u32::from(self.prefix.prefix_len()))
    }

    fn routed_count(&self) -> u32 {
        1 << (self.routed_length - self.prefix.prefix_len())
    }
}

/// An address or a prefix, as a user names what to trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetSpec(Ipv4Net);

impl FromStr for TargetSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .or_else(|_| text.parse::<Ipv4Addr>().map(Ipv4Net::from))
            .map(|prefix: Ipv4Net| Self(prefix.trunc()))
            .map_err(|_| "expected an IPv4 address or prefix such as 175.45.177.0/24".into())
    }
}

/// A target is outside the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{asked} is outside {block}: give addresses or prefixes inside it, or another --config")]
pub struct OutsideBlock {
    /// The target.
    pub asked: Ipv4Net,
    /// The configured block.
    pub block: Ipv4Net,
}

/// The addresses of `specs`, or of the whole block when there are none; each once, in random order.
///
/// # Errors
/// When one of them is outside the block.
pub fn select(
    block: &Block,
    specs: &[TargetSpec],
    random: &mut impl RngExt,
) -> Result<Vec<Ipv4Addr>, OutsideBlock> {
    let is_outside = |TargetSpec(prefix): &&TargetSpec| !block.prefix.contains(prefix);
    if let Some(TargetSpec(outside)) = specs.iter().find(is_outside) {
        return Err(OutsideBlock { asked: *outside, block: block.prefix });
    }
    let whole = [TargetSpec(block.prefix)];
    let specs = if specs.is_empty() { &whole[..] } else { specs };
    let mut addresses: Vec<Ipv4Addr> = specs
        .iter()
        .flat_map(|TargetSpec(prefix)| {
            (u32::from(prefix.network())..=u32::from(prefix.broadcast())).map(Ipv4Addr::from)
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.shuffle(random);
    Ok(addresses)
}

/// The first `most` addresses of each routed prefix, in the order that they have.
#[must_use]
pub fn sample(block: &Block, addresses: &[Ipv4Addr], most: usize) -> Vec<Ipv4Addr> {
    let mut taken = vec![0_usize; block.routed_prefixes().len()];
    let mut is_taken = |address: &Ipv4Addr| {
        let count = block.routed_index(*address).and_then(|index| taken.get_mut(index));
        count.is_some_and(|count| {
            *count += 1;
            *count <= most
        })
    };
    addresses.iter().copied().filter(|address| is_taken(address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        Block {
            prefix: Ipv4Net::new_assert(Ipv4Addr::new(175, 45, 176, 0), 22),
            routed_length: 24,
            usual_gap: 3,
            holder: "Star JV".into(),
            asn: 131_279,
        }
    }

    #[test]
    fn four_routed_prefixes_in_order() {
        let prefixes: Vec<String> =
            block().routed_prefixes().map(|prefix| prefix.to_string()).collect();
        assert_eq!(
            prefixes,
            ["175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"]
        );
    }

    #[test]
    fn an_address_just_outside_has_no_routed_prefix() {
        let index = |text: &str| block().routed_index(text.parse().expect("address"));
        assert_eq!(index("175.45.175.255"), None);
        assert_eq!(index("175.45.176.0"), Some(0));
        assert_eq!(index("175.45.178.1"), Some(2));
        assert_eq!(index("175.45.179.255"), Some(3));
        assert_eq!(index("175.45.180.0"), None);
    }
}
