//! `lasthop owner`: who holds an address, and which source says so.

use std::net::Ipv4Addr;

use clap::Args;

use crate::columns::OwnerRow;
use crate::output::{Cell, Rows, wrapped};
use crate::owner::{Owner, Owners};
use crate::targets::Targets;

use super::common::Common;
use super::config;
use super::confinement::Needs;
use super::exit::Exit;
use super::format::Format;
use super::outputs;
use super::sources::Sources;
use super::stdout;

/// Show who holds an address, and which source says so
///
/// The carrier is found by its registered prefixes in targets.toml, else by the origin AS (--as-table
/// or --dns), else by the router's name (--dns). The country is that of the AS, else that of the
/// registries' delegation. Chinese and Russian carriers need neither a
/// table nor a network.
#[derive(Debug, Args)]
pub(super) struct OwnerArgs {
    /// IPv4 addresses to look up
    #[cfg_attr(feature = "remote", arg(required_unless_present = "update"))]
    #[cfg_attr(not(feature = "remote"), arg(required = true))]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    addresses: Vec<Ipv4Addr>,
    #[cfg(feature = "remote")]
    #[command(flatten)]
    update: super::owner_table::Update,
    #[command(flatten)]
    sources: Sources,
}

impl OwnerArgs {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let needs = Needs::default().reads(config::path(common)).reads(self.sources.files());
        let needs = needs.asks_name_servers(self.sources.asks());
        #[cfg(feature = "remote")]
        let needs = self.update.needs(needs)?;
        needs.confine(common);
        #[cfg(feature = "remote")]
        {
            self.update.run(common)?;
            if self.addresses.is_empty() {
                return Ok(Exit::Measured);
            }
        }
        let config = config::path(common);
        let config = config.as_deref().map(|path| ("--config", path));
        let table = self.sources.file().map(|path| ("--as-table", path));
        outputs::check(&config.into_iter().chain(table).collect::<Vec<_>>(), &[])?;
        let targets = config::targets(common)?;
        let mut owners = self.sources.owners(&targets, common)?;
        self.sources.ask(&mut owners, &self.addresses, common);
        let found: Vec<(Ipv4Addr, Owner)> =
            self.addresses.iter().map(|address| (*address, owners.of(*address))).collect();
        let rows = found.iter().map(|(address, owner)| row(*address, owner, &targets));
        let rows = Rows::new(Vec::new(), rows);
        Format::or_suited(common.format).write(&rows, || {
            found.iter().map(|(address, owner)| text(*address, owner, &owners, &targets)).collect()
        })?;
        let is_known = found.iter().any(|(_, owner)| owner.is_known());
        Ok(if is_known { Exit::Measured } else { Exit::Nothing })
    }
}

fn address(text: &str) -> Result<Ipv4Addr, String> {
    text.parse().map_err(|_| "expected an IPv4 address such as 103.35.255.254".into())
}

fn row(address: Ipv4Addr, owner: &Owner, targets: &Targets) -> OwnerRow<Cell> {
    let origin = owner.origin.as_ref();
    OwnerRow {
        address: Cell::text(address),
        class: Cell::maybe(class(address, owner, targets), Cell::text),
        carrier: Cell::maybe(owner.carrier.as_ref(), |carrier| Cell::text(&carrier.name)),
        asn: Cell::maybe(origin, |origin| Cell::count(origin.asn)),
        as_name: Cell::maybe(origin.and_then(|origin| origin.name.as_ref()), Cell::text),
        country: Cell::maybe(owner.country, Cell::text),
        country_of: Cell::maybe(owner.country_of, Cell::text),
        source: Cell::maybe(owner.source, Cell::text),
        range: Cell::maybe(owner.range, Cell::text),
        name: Cell::maybe(owner.router_name.as_ref(), Cell::text),
        remark: Cell::maybe(remark(address, targets), Cell::text),
    }
}

/// The class of transit by the holder. The block's own addresses are nobody's transit.
fn class<'t>(address: Ipv4Addr, owner: &Owner, targets: &'t Targets) -> Option<&'t str> {
    if targets.block.contains(address) {
        return None;
    }
    let other = owner.is_known().then_some("other");
    owner.class.map(|class| targets.classes.name(class)).or(other)
}

fn remark(address: Ipv4Addr, targets: &Targets) -> Option<String> {
    if let Some(special) = targets.specials.of(address) {
        return Some(format!("{special}: names nobody"));
    }
    targets.block.contains(address).then(|| "home: inside the block".to_owned())
}

/// The owner for people, a line for each part that is known.
fn text(address: Ipv4Addr, owner: &Owner, owners: &Owners<'_>, targets: &Targets) -> String {
    let (mut lines, width) = (String::new(), stdout::width());
    let mut line = |what: &str, value: &str| {
        lines += &wrapped(value, &format!("  {what:8} "), "           ", width);
    };
    if let Some(class) = class(address, owner, targets) {
        line("class", class);
    }
    if let Some(carrier) = &owner.carrier {
        line("carrier", &carrier.name);
    }
    if let Some(origin) = &owner.origin {
        let name = origin.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        line("origin", &format!("AS{}{name} ({})", origin.asn, origin.range));
    }
    if let Some((country, of)) = owner.country.zip(owner.country_of) {
        line("country", &format!("{country}, by {of}"));
    }
    if let Some(name) = &owner.router_name {
        line("name", name);
    }
    if let Some(source) = owner.source {
        let range = owner.range.map_or(String::new(), |range| format!(" {range}"));
        line("because", &format!("{source}{range}"));
    }
    if let Some(remark) = remark(address, targets) {
        line("remark", &remark);
    } else if lines.is_empty() {
        let tried = if owners.table().is_some() { "" } else { "; --as-table FILE may know" };
        return format!("{address}\n  nobody is known to hold it{tried}\n");
    }
    format!("{address}\n{lines}")
}
