//! The block: the destination addresses, and the prefixes in which they are routed.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// The destination addresses of a run. An address inside is *home*, every other is *foreign*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// All home addresses.
    pub prefix: Ipv4Net,
    /// The length at which the block is announced; never shorter than `prefix`.
    pub routed_length: u8,
    /// The most silent TTLs that ordinarily lie between the last foreign hop and the first home
    /// answer.
    pub usual_gap: u8,
    /// Who uses the block, for people to read.
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

    /// The place of `address` among the routed prefixes, or nothing when it is foreign.
    #[must_use]
    pub fn routed_index(&self, address: Ipv4Addr) -> Option<usize> {
        let offset = u32::from(address).checked_sub(u32::from(self.prefix.network()))?;
        let index = u64::from(offset) >> (32 - u32::from(self.routed_length));
        (index < u64::from(self.routed_count())).then(|| usize::try_from(index).ok())?
    }

    /// The routed prefix of `address`, or nothing when it is foreign.
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
