//! The options that say where owners come from: an AS table, and name servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::owner::{AsTable, Owners, dns};
use crate::targets::Targets;

use super::common::Common;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Owners")]
pub(super) struct Sources {
    /// Table of prefixes and their origin AS: a TSV of iptoasn.com, plain or gzip, or an MMDB [default: what
    /// `lasthop owner --update` has fetched, if it has]
    #[arg(long, value_name = "FILE")]
    as_table: Option<PathBuf>,
    /// Query name servers for router names (PTR) and Team Cymru for origins. They learn which
    /// addresses you look at
    #[arg(long)]
    dns: bool,
    /// The name server to query, with its port [default: the system's]
    #[arg(long, value_name = "IP:PORT", requires = "dns")]
    dns_server: Option<SocketAddr>,
    /// Seconds for all lookups together
    #[arg(long, value_name = "SECONDS", default_value = "10", requires = "dns", value_parser = super::values::seconds)]
    dns_deadline: Duration,
}

/// The table that `owner --update` has fetched, if it has.
pub(super) fn users_table() -> Option<PathBuf> {
    let folder =
        |variable| std::env::var_os(variable).map(PathBuf::from).filter(|it| it.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
    Some(data.join("lasthop/ip2asn-v4.tsv.gz"))
}

impl Sources {
    /// What is known before anything is asked of anybody.
    pub(super) fn owners<'t>(
        &self,
        targets: &'t Targets,
        common: &Common,
    ) -> anyhow::Result<Owners<'t>> {
        let owners = Owners::new(targets);
        if let Some(path) = &self.as_table {
            let table = AsTable::open(path)?;
            common.info(|| format!("AS table: {}", table.describe()));
            return Ok(owners.with_table(table));
        }
        let Some(path) = users_table().filter(|path| path.is_file()) else { return Ok(owners) };
        match AsTable::open(&path) {
            Ok(table) => {
                common.warn(&format!("AS table: {}", table.describe()));
                Ok(owners.with_table(table))
            }
            // Nobody named it in this run.
            Err(error) => {
                common.warn(&format!("{error}; going on without an AS table"));
                Ok(owners)
            }
        }
    }

    /// The file that is read for owners.
    pub(super) fn file(&self) -> Option<&Path> {
        self.as_table.as_deref()
    }

    /// All files that may be read for owners.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.as_table.clone().or_else(users_table).into_iter()
    }

    /// Whether name servers are asked.
    pub(super) fn asks(&self) -> bool {
        self.dns
    }

    /// Asks name servers about `addresses`, where the user wants that. That they do not answer
    /// spoils no measurement.
    pub(super) fn ask(&self, owners: &mut Owners<'_>, addresses: &[Ipv4Addr], common: &Common) {
        let queries = owners.queries(addresses);
        if !self.dns || queries.is_empty() {
            return;
        }
        match dns::look_up(&queries, self.dns_server, self.dns_deadline) {
            Ok(answers) => {
                if answers.unanswered > 0 {
                    let (unanswered, all) = (answers.unanswered, answers.queried);
                    common.warn(&format!("{unanswered} of {all} DNS queries went unanswered"));
                }
                owners.add_records(answers.records);
            }
            Err(error) => common.warn(&error.to_string()),
        }
    }
}
