//! What `ping` writes, and what it would send.

use std::time::Duration;

use jiff::Timestamp;

use crate::census::{Census, HostCounts, PingMethod};
use crate::output::{Appender, Run, census as rows, counts, counts_header, counts_table};
use crate::targets::Block;

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::outputs::is_stdout;
use super::super::row_file::{RowFile, append_rows, check_history, open_history};
use super::super::stdout;
use super::args::{FileArgs, Ping};

/// The files of a run, open since before the first packet.
pub(super) struct Files {
    append: Option<Appender>,
    census: Option<RowFile>,
    /// Whether stdout gets the census instead of the counts.
    taken: bool,
    /// Whether it gets the counts as `--append` writes them.
    appended: bool,
}

impl Files {
    pub(super) fn open(args: &FileArgs, vantage: &str, common: &Common) -> anyhow::Result<Self> {
        // What goes to stdout needs no file.
        let append = args.append.as_deref().filter(|path| !is_stdout(path));
        if let Some(path) = append {
            check_history(path, &counts_header(), vantage, Some(Timestamp::now()), common)?;
        }
        Ok(Self {
            append: append
                .map(|path| open_history(path, counts_header(), Duration::ZERO, common))
                .transpose()?,
            census: args.census.as_deref().map(RowFile::open).transpose()?,
            taken: args.census.as_deref().is_some_and(is_stdout),
            appended: args.append.as_deref().is_some_and(is_stdout),
        })
    }

    /// Writes everything, and says whether any target is alive. What cannot be written keeps nothing
    /// else from being written: it cannot be measured again.
    pub(super) fn write(
        self,
        run: &Run,
        census: &Census,
        methods: &[PingMethod],
        block: &Block,
        common: &Common,
    ) -> anyhow::Result<bool> {
        let found = HostCounts::of(&census.hosts, block);
        let scopes = counts(run, &found, methods);
        let filled = self.census.map_or(Ok(()), |mut file| {
            file.add(&rows(run, &census.hosts, block));
            file.finish()
        });
        let appended =
            self.append.map_or(Ok(()), |mut append| append_rows(&mut append, &scopes, common));
        let table = || counts_table(run, &found, methods, &census.hosts, stdout::width());
        let format = if self.appended { Some(Format::Csv) } else { common.format };
        let written =
            if self.taken { Ok(()) } else { Format::or_suited(format).write(&scopes, table) };
        let failed = [appended, filled].into_iter().filter_map(Result::err);
        Exit::first_of(failed.map(anyhow::Error::new).chain(written.err()))?;
        Ok(found.block.alive > 0)
    }
}

impl Ping {
    /// Prints what would be sent.
    pub(super) fn write_plan(&self, addresses: usize, block: &Block) -> anyhow::Result<Exit> {
        let settings = self.args.settings(&self.send, addresses);
        let text = format!(
            "would ask {addresses} addresses of {} by {}: {} to {} packets, {}\n",
            block.prefix,
            self.args.names(),
            addresses * usize::from(settings.count),
            addresses * self.args.most_packets(),
            self.send.rate_in_words(),
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }
}
