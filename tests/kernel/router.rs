//! One router: a namespace with a kernel that forwards, and its manners when a TTL ends on it.

use anyhow::Result;

use super::namespace::Namespace;
use super::scenario::{Hop, Manner};

/// Source checks are off because two routers may bear one address, and because a reply comes from
/// where no route leads. Redirects would betray loops.
const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/accept_local", "1"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/fib_multipath_hash_policy", "1"),
    // A type that is not in the mask passes by both limits, the one per peer and the one per
    // second, which on older kernels all namespaces share.
    ("ipv4/icmp_ratemask", "0"),
];

/// What Linux limits by default: unreachable, source quench, time exceeded, parameter problem.
const DEFAULT_MASK: &str = "6168";

/// Longer than the minute of credit that the kernel gives to a new peer.
const SILENT_FOR: u32 = 86_400_000;

/// A router with no links yet.
pub(super) fn new(hop: &Hop) -> Result<Namespace> {
    let router = Namespace::new()?;
    router.set(SETTINGS)?;
    router.ip(&["link set dev lo up"])?;
    match hop.manner {
        Manner::Answers => {}
        Manner::Silent => limit(&router, SILENT_FOR)?,
        Manner::OncePerMillis(millis) => limit(&router, millis)?,
    }
    Ok(router)
}

fn limit(router: &Namespace, millis: u32) -> Result<()> {
    router
        .set(&[("ipv4/icmp_ratemask", DEFAULT_MASK), ("ipv4/icmp_ratelimit", &millis.to_string())])
}

/// Routes `prefix` to a link where ARP finds nobody, and lets ARP give up at once: the kernel says
/// "host unreachable" when it does.
pub(super) fn dead_link(router: &Namespace, prefix: &str) -> Result<()> {
    router.ip(&[
        "link add name dead type veth peer name grave",
        "link set dev dead up",
        "link set dev grave up",
    ])?;
    router.set(&[
        ("ipv4/neigh/dead/mcast_solicit", "1"),
        ("ipv4/neigh/dead/retrans_time_ms", "20"),
    ])?;
    router.ip(&[format!("route add {prefix} dev dead via 169.254.0.1 onlink")])
}
