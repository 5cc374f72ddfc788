//! Where the registries delegated an address: the weakest answer, and the one that is always there.
//!
//! The delegations of the five registries are built into the program (crate `iptocc`), and
//! therefore as old as the program.

use std::net::Ipv4Addr;

use crate::targets::Country;

/// The country to whose holder a registry delegated the address; not where it is used, and not who
/// operates it.
#[must_use]
pub fn country_code(address: Ipv4Addr) -> Option<Country> {
    iptocc::country_code(address)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delegations_are_to_holders_not_to_networks() {
        let code = |text: &str| {
            country_code(text.parse().expect("address")).map(|country| country.to_string())
        };
        assert_eq!(code("175.45.176.1").as_deref(), Some("KP"));
        assert_eq!(code("59.43.187.57").as_deref(), Some("CN"));
        assert_eq!(code("103.35.255.254").as_deref(), Some("HK"));
        assert_eq!(code("1.1.1.1").as_deref(), Some("AU"));
        assert_eq!(code("10.0.0.1"), None);
        assert_eq!(code("0.0.0.0"), None);
        assert_eq!(code("255.255.255.255"), None);
    }
}
