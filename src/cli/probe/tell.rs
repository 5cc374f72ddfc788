//! What a run writes, and what it would do.

use crate::output::{Run, hops, summary, table, traces};
use crate::probe::Attempt;
use crate::split::split;
use crate::targets::Targets;
use crate::trace::Trace;
use crate::transit::Judgement;

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::stdout;
use super::Probe;
use super::how::Spending;
use super::prepare::Prepared;

/// Writes everything that was asked for. What cannot be written keeps nothing else from being
/// written: it cannot be measured again.
pub(super) fn tell(
    prepared: Prepared<'_>,
    run: &Run,
    all: &[Trace],
    judgements: &[Judgement],
    common: &Common,
) -> anyhow::Result<()> {
    let targets = prepared.targets;
    let mut judged: Vec<(&Trace, &Judgement)> = all.iter().zip(judgements).collect();
    judged.sort_by_key(|(trace, _)| (trace.target, trace.method, trace.flow));
    let split = split(&judged, targets);
    let rows = summary::summary(run, &split, &targets.classes);
    let sorted: Vec<&Trace> = judged.iter().map(|(trace, _)| *trace).collect();
    let Prepared { append, traces: traces_sheet, hops: hops_sheet, owners, .. } = prepared;
    let appended = append.map_or(Ok(()), |mut append| append.append(&rows));
    let traced = traces_sheet.map_or(Ok(()), |it| it.fill(&traces(run, &judged, targets)));
    let hopped = hops_sheet.map_or(Ok(()), |it| it.fill(&hops(run, &sorted, &owners)));
    let format = Format::or_suited(common.format);
    let told = format.write(&rows, || table(run, &split, &targets.classes));
    let failed = [appended, traced, hopped].into_iter().filter_map(Result::err);
    let mut failed = failed.map(anyhow::Error::new).chain(told.err());
    let Some(first) = failed.next() else { return Ok(()) };
    for other in failed {
        Exit::of(&other).report(&other);
    }
    Err(first)
}

impl Probe {
    /// What `--dry-run` says.
    pub(super) fn tell_only(&self, targets: &Targets) -> anyhow::Result<Exit> {
        let addresses = self.addresses(targets, &mut self.random()?)?.len();
        let methods = self.how.method.unwrap_or_default();
        let traces = addresses * methods.list().len() * usize::from(self.how.flows);
        let most = traces * usize::from(self.how.max_ttl) * usize::from(Attempt::MOST);
        let usual = match self.how.strategy {
            Spending::Full => (10, 25),
            Spending::Border => (2, 6),
        };
        let rate = match self.how.rate {
            0 => "without a limit".into(),
            rate => format!("at most {rate} packets/s"),
        };
        let text = format!(
            "would trace {addresses} addresses of {} by {}: {traces} traces, some {} to {} packets, \
             never more than {most}, {rate}\n",
            targets.block.prefix,
            methods.name(),
            most.min(traces * usual.0),
            most.min(traces * usual.1),
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }
}
