//! `lasthop atlas find`: the public measurements towards the block.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::cli::common::Common;
use crate::cli::config;
use crate::cli::confinement::Needs;
use crate::cli::exit::Exit;
use crate::cli::format::Format;
use crate::cli::service::{Api, SystemClock};
use crate::cli::stdout;
use crate::columns::MeasurementRow;
use crate::output::{Cell, Rows, TextTable};
use crate::remote::atlas::{self, Measurement, SERVICE};

/// How long each page of the list is waited for.
const BUDGET: Duration = Duration::from_mins(2);

/// List the public traceroutes towards the block, the newest first
///
/// It needs no key. `lasthop atlas fetch ID` judges the results of one.
#[derive(Debug, Args)]
pub(super) struct Find {
    #[command(flatten)]
    api: Api,
}

impl Find {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        Needs::default().reads(config::path(common)).asks_a_service(true).confine(common);
        let targets = config::targets(common)?;
        let clock = SystemClock::started()?;
        let mut client = self.api.client(SERVICE, None, &clock, None)?;
        let mut found = atlas::find(&mut client, targets.block.asn, BUDGET)?;
        if let Some(why) = &found.cut {
            common.warn(&format!("{why}; there may be more"));
        }
        // The AS of a target is as of its creation.
        found.measurements.retain(|one| one.target_ip.is_some_and(|ip| targets.block.contains(ip)));
        found.measurements.sort_by_key(|one| std::cmp::Reverse(one.id));
        found.measurements.dedup_by_key(|one| one.id);
        let rows = Rows::new(Vec::new(), found.measurements.iter().filter_map(row));
        Format::or_suited(common.format).write(&rows, || table(&found.measurements))?;
        Ok(if found.measurements.is_empty() { Exit::Nothing } else { Exit::Measured })
    }
}

fn row(one: &Measurement) -> Option<MeasurementRow<Cell>> {
    let method = one.protocol.as_ref().map(|name| name.to_ascii_lowercase());
    let method = method.filter(|name| ["icmp", "udp", "tcp"].contains(&name.as_str()));
    Some(MeasurementRow {
        schema: Cell::Count(1),
        id: Cell::count(one.id),
        target: Cell::text(one.target_ip?),
        status: Cell::text(one.status.name()),
        started_at: Cell::maybe(one.started, Cell::time),
        stops_at: Cell::maybe(one.stops, Cell::time),
        method: Cell::maybe(method, Cell::text),
        oneoff: Cell::maybe(one.is_oneoff, Cell::Flag),
        interval: Cell::maybe(one.interval, Cell::count),
        probes: Cell::maybe(one.probes, Cell::count),
        description: Cell::text_or_empty(one.description.clone()),
    })
}

fn table(all: &[Measurement]) -> String {
    let mut table = TextTable::new(["id", "target", "status"]);
    table.add_column("started", Some("started"));
    table.add_column("probes", Some("probes"));
    table.add_column("description", Some("description"));
    for one in all {
        let text = |it: Option<String>| it.unwrap_or_default();
        table.add_row(vec![
            one.id.to_string(),
            text(one.target_ip.map(|ip| ip.to_string())),
            one.status.name().to_owned(),
            text(one.started.map(minute)),
            text(one.probes.map(|probes| probes.to_string())),
            one.description.clone(),
        ]);
    }
    table.text(stdout::width(), &["description", "probes", "started"])
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
