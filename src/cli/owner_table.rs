//! `lasthop owner --update`: the table of origin AS that later runs use by themselves, fetched when that is typed.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::output::sync_folder_of;
use crate::owner::AsTable;
use crate::remote::download;

use super::common::Common;
use super::confinement::Needs;
use super::service::{SystemClock, random};
use super::sources::users_table;

/// How long the table is waited for.
const BUDGET: Duration = Duration::from_mins(5);

/// Why nothing is fetched.
const NO_FOLDER: &str = "neither XDG_DATA_HOME nor HOME says where the table is to be kept";

#[derive(Debug, Clone, Args)]
pub(super) struct Update {
    /// Fetch the table of prefixes and their origin AS of iptoasn.com (public domain) into
    /// `$XDG_DATA_HOME/lasthop`, by default ~/.local/share/lasthop; later runs use it
    #[arg(long, help_heading = "Owners")]
    update: bool,
    /// Where the table is
    #[arg(
        long,
        value_name = "URL",
        requires = "update",
        help_heading = "Owners",
        default_value = "https://iptoasn.com/data/ip2asn-v4.tsv.gz"
    )]
    url: String,
}

impl Update {
    /// What fetching the table needs, if that is wanted. Its folder is made.
    pub(super) fn needs(&self, needs: Needs) -> anyhow::Result<Needs> {
        if !self.update {
            return Ok(needs);
        }
        let path = users_table().context(NO_FOLDER)?;
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(needs.asks_a_service(true).owns([folder.to_owned()]))
    }

    /// Fetches the table, if that is wanted. What was there stays until the new one has been read.
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        const READ_BY_ALL: u32 = 0o644;
        if !self.update {
            return Ok(());
        }
        let path = users_table().context(NO_FOLDER)?;
        let clock = SystemClock::started()?;
        let fetched = download(&self.url, clock, random(), BUDGET)?;
        let folder = path.parent().unwrap_or(&path);
        let mut file = tempfile::Builder::new().prefix(".ip2asn-").tempfile_in(folder)?;
        file.write_all(&fetched.bytes).with_context(|| path.display().to_string())?;
        if let Some(changed) = fetched.changed {
            file.as_file().set_modified(changed.into())?;
        }
        let table = AsTable::open(file.path())
            .with_context(|| format!("{}: this is no table of origin AS", self.url))?;
        file.as_file().set_permissions(Permissions::from_mode(READ_BY_ALL))?;
        file.as_file().sync_all()?;
        let date = table.date().map_or_else(String::new, |date| format!(" of {date}"));
        let ranges = table.ranges();
        file.persist(&path)
            .map_err(|error| error.error)
            .with_context(|| path.display().to_string())?;
        sync_folder_of(&path)?;
        common.warn(&format!("{}: {ranges} ranges{date}", path.display()));
        Ok(())
    }
}
