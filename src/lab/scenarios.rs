//! The scenarios that are built into the program.

use super::{Scenario, ScenarioError};

/// The scenario that runs when none is named.
pub const DEFAULT: &str = "today";

/// The names of the scenarios, the default first.
pub const NAMES: [&str; 21] = [
    "today",
    "october-2017",
    "all-china",
    "all-russia",
    "split-60-40",
    "silent-border",
    "private-last-hop",
    "ixp-last-hop",
    "blackhole",
    "loop",
    "prohibited",
    "lossy",
    "rate-limited",
    "link-from-block",
    "odd-reply",
    "home-early",
    "outage",
    "dead-uplink",
    "gateway",
    "inside-outage",
    "census",
];

/// The scenario called `name`, if there is one.
///
/// # Errors
/// Never for a released program: a test reads them all.
#[must_use]
pub fn built_in(name: &str) -> Option<Result<Scenario, ScenarioError>> {
    Some(Scenario::parse(name, text(name)?))
}

fn text(name: &str) -> Option<&'static str> {
    Some(match name {
        "today" => include_str!("scenarios/today.toml"),
        "october-2017" => include_str!("scenarios/october-2017.toml"),
        "all-china" => include_str!("scenarios/all-china.toml"),
        "all-russia" => include_str!("scenarios/all-russia.toml"),
        "split-60-40" => include_str!("scenarios/split-60-40.toml"),
        "silent-border" => include_str!("scenarios/silent-border.toml"),
        "private-last-hop" => include_str!("scenarios/private-last-hop.toml"),
        "ixp-last-hop" => include_str!("scenarios/ixp-last-hop.toml"),
        "blackhole" => include_str!("scenarios/blackhole.toml"),
        "loop" => include_str!("scenarios/loop.toml"),
        "prohibited" => include_str!("scenarios/prohibited.toml"),
        "lossy" => include_str!("scenarios/lossy.toml"),
        "rate-limited" => include_str!("scenarios/rate-limited.toml"),
        "link-from-block" => include_str!("scenarios/link-from-block.toml"),
        "home-early" => include_str!("scenarios/home-early.toml"),
        "odd-reply" => include_str!("scenarios/odd-reply.toml"),
        "census" => include_str!("scenarios/census.toml"),
        "outage" => include_str!("scenarios/outage.toml"),
        "dead-uplink" => include_str!("scenarios/dead-uplink.toml"),
        "gateway" => include_str!("scenarios/gateway.toml"),
        "inside-outage" => include_str!("scenarios/inside-outage.toml"),
        _ => return None,
    })
}
