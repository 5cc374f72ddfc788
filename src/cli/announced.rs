//! `--bgp`: what BGP showed next to the block, as evidence for traces.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::bgp::AsPath;
use crate::history::{self, is_simulated};
use crate::survey::Judged;
use crate::targets::{PeerUpstream, Targets};

use super::common::Common;

#[derive(Debug, Clone, Args)]
pub(super) struct AnnouncedArgs {
    /// What BGP showed next to the block at the time of a trace: a file of `lasthop bgp --peers`; may be given several times. It
    /// changes how far a class is believed and the reason, never the class
    #[arg(long, value_name = "PEERS.csv", help_heading = "Evidence")]
    bgp: Vec<PathBuf>,
}

impl AnnouncedArgs {
    /// The files, as inputs.
    pub(super) fn inputs(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        self.bgp.iter().map(|path| ("--bgp", path.clone()))
    }

    /// Adds what the files show to what is known. Traces without a vantage are of `vantage`, and those without a time were
    /// made `at`.
    pub(super) fn add(
        &self,
        targets: &mut Targets,
        vantage: &str,
        at: Option<Timestamp>,
        common: &Common,
    ) -> anyhow::Result<()> {
        let given = &mut targets.upstreams;
        (given.is_given, given.is_lab, given.at) =
            (!self.bgp.is_empty(), is_simulated(vantage), at);
        for path in &self.bgp {
            let (mut rows, mut names) = (0_usize, BTreeMap::new());
            let mut view: Option<(Timestamp, String)> = None;
            let mut paths: Vec<PeerUpstream> = Vec::new();
            let upstreams = &mut targets.upstreams;
            history::peers(path, |sent| {
                rows += 1;
                let of = (sent.at, sent.collector);
                if view.as_ref() != Some(&of)
                    && let Some((at, collector)) = view.replace(of)
                {
                    let collector = (is_simulated(&collector), collector.as_str());
                    upstreams.add_view(collector, at, paths.drain(..));
                }
                let Some(path) = sent.path else { return };
                names.entry(path.upstream).or_insert(path.class);
                let (peer, upstream) = (sent.peer, path.upstream);
                let fork =
                    AsPath::parse(&path.as_path).and_then(|path| path.next_to(peer, false).1);
                let fork = fork.unwrap_or(peer);
                paths.push(PeerUpstream { peer, prefix: path.prefix, upstream, fork });
            })?;
            if let Some((at, collector)) = view {
                upstreams.add_view((is_simulated(&collector), &collector), at, paths);
            }
            // The configuration says who they are, else the file.
            for (asn, class) in &names {
                let carrier = targets.carriers.of_asn(*asn);
                let class =
                    carrier.map_or_else(|| targets.classes.named(class), |carrier| carrier.class);
                let carrier = carrier.map(|carrier| carrier.name.clone());
                targets.upstreams.add_name(*asn, carrier, class);
            }
            common.info(|| {
                format!("{}: {rows} rows of peers, {} upstreams", path.display(), names.len())
            });
        }
        Ok(())
    }

    /// Says once where the files show nothing.
    pub(super) fn note(&self, judged: &Judged<'_>, common: &Common) {
        let Judged { unannounced, traces, .. } = judged;
        if !self.bgp.is_empty() && *unannounced > 0 {
            let files: Vec<String> =
                self.bgp.iter().map(|path| path.display().to_string()).collect();
            common.warn(&format!(
                "{}: no upstream within a day of {unannounced} of {traces} traces; BGP says nothing about them",
                files.join(", ")
            ));
        }
    }
}
