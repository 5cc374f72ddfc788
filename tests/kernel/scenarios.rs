//! The networks that the product is sent through. The notation is explained in `notation`.

/// The paths of December 2025, with the fourth prefix behind an address that is registered in Hong
/// Kong, and three silent routers behind every border.
pub(crate) const FOUR_BORDERS: &str = "
    trunk              192.168.77.1 > 100.64.0.1 > 129.250.2.1
    175.45.176.0/24    219.158.16.65 > 219.158.102.146 > 103.35.255.254 > * > * > * > home 7 71 80
    175.45.177.0/24    188.43.225.153 > * > * > * > home 1 11
    175.45.178.0/24 x1 219.158.16.65 > 103.35.255.254 > * > * > * > home 9
    175.45.178.0/24 x1 188.43.225.153 > * > * > * > home 9
    175.45.179.0/24    219.158.3.21 > 202.77.19.1 > * > * > * > home 33 200
";

/// One carrier everywhere, and behind its last router what must not decide: a private address, an
/// exchange's LAN, a gateway of the block itself.
pub(crate) const UNDECIDING_HOPS: &str = "
    trunk              192.168.77.1 > 10.0.9.57 > 62.115.0.1
    175.45.176.0/24    188.43.3.1 > 188.43.225.153 > * > home 71
    175.45.177.0/24    188.43.3.1 > 188.43.225.153 > 10.99.99.9 > home 3 4
    175.45.178.0/24    188.43.3.1 > 188.43.225.157 > 80.81.192.33 > home 9
    175.45.179.0/24    217.150.55.21 > 188.43.225.161 > 175.45.179.1 > home 40
";

/// Paths that end in a refusal, in nothing, in a circle. The refusing router appears twice because
/// one that refuses a prefix never says "time exceeded", and refuses only once a second.
pub(crate) const REFUSALS: &str = "
    trunk              192.168.77.1 > 129.250.2.1
    175.45.176.0/24    219.158.16.65 > 219.158.39.42 > 219.158.39.42 > prohibited
    175.45.177.0/24    219.158.16.65 > 103.35.255.254 > home
    175.45.177.128/25  219.158.16.65 > 219.158.39.43 > 219.158.39.43 > unreachable
    175.45.178.0/24    188.43.3.1 > 188.43.225.153 > 188.43.225.9 > 188.43.225.10 > loop
    175.45.179.0/24    219.158.16.65 > 103.35.255.254 > dead-link
";

/// A border that answers at most once in ten milliseconds, for half of the targets; and routers
/// with the default limit of Linux, once a second, before a border that has none.
pub(crate) const LIMITS: &str = "
    trunk              192.168.77.1/1000ms > 100.64.0.1 > 129.250.2.1/1000ms
    175.45.176.0/23    219.158.16.65 > 103.35.255.254/10ms > * > home 7 71
    175.45.178.0/23    188.43.3.1/1000ms > 188.43.225.153 > * > * > home 5
";

/// Balanced roads of unequal length, links numbered from the block, a customer's router that
/// bears its carrier's address, and a circle inside the block.
pub(crate) const UNEQUAL_ROADS: &str = "
    trunk               192.168.77.1 > 129.250.2.1
    175.45.176.0/24 x60 219.158.16.65 > 219.158.4.1 > * > 103.35.255.254 > 175.45.176.1 > home 71
    175.45.176.0/24 x40 188.43.225.153 > 175.45.176.1 > home 71
    175.45.177.0/24     188.43.3.1 > 188.43.225.153 > 188.43.225.154 > home 11
    175.45.178.0/24 x60 188.43.3.1 > * > 188.43.225.157 > 175.45.178.1 > * > home 9
    175.45.178.0/24 x40 202.77.19.1 > 175.45.178.1 > home 9
    175.45.179.0/24     219.158.16.65 > 103.35.255.254 > 175.45.179.1 > 175.45.179.2 > loop
";

/// Two prefixes whose paths die before any carrier that matters, and two that are well.
pub(crate) const OUTAGE: &str = "
    trunk              192.168.77.1 > 100.64.0.1
    175.45.176.0/24    129.250.2.1 > home
    175.45.177.0/24    129.250.2.1 > 62.115.0.1 > * > home
    175.45.178.0/24    129.250.2.1 > 219.158.16.65 > 103.35.255.254 > * > home 9
    175.45.179.0/24    129.250.2.1 > 219.158.16.65 > 103.35.255.254 > 175.45.179.1 > home 12
";

pub(crate) const ALL: &[(&str, &str)] = &[
    ("four borders", FOUR_BORDERS),
    ("undeciding hops", UNDECIDING_HOPS),
    ("refusals", REFUSALS),
    ("limits", LIMITS),
    ("unequal roads", UNEQUAL_ROADS),
    ("outage", OUTAGE),
];
