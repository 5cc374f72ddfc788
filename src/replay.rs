//! A story measured from its first run to its last, in virtual time.
//!
//! Beside the road: it drives the whole of it, from targets to summary rows, over the lab's simulated
//! internet, and gives each run the times that the story has. The same seed gives the same bytes.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::lab::{Story, VirtualTransport};
use crate::output::{Rows, Run, summary};
use crate::owner::Owners;
use crate::probe::engine::Measured;
use crate::probe::packet::{Codec, Secret};
use crate::probe::transport::TransportError;
use crate::probe::{ProbeMethod, TraceJob};
use crate::survey::{Keep, Survey, SurveyError};
use crate::targets::{OutsideBlock, Targets, sample, select};

/// Why a story cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// An address is outside the block.
    #[error(transparent)]
    Targets(#[from] OutsideBlock),
    /// The simulated network cannot be sent into.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The traces cannot be kept.
    #[error(transparent)]
    Survey(#[from] SurveyError),
}

/// The runs of a story, oldest first: the summary's rows of each.
pub fn replay<'a>(
    story: &'a Story,
    vantage: &'a str,
    targets: &'a Targets,
    seed: u64,
) -> impl Iterator<Item = Result<Rows, ReplayError>> + 'a {
    let owners = Owners::new(targets);
    let mut seeds = StdRng::seed_from_u64(seed);
    story.runs().map(move |began| {
        let random = StdRng::seed_from_u64(seeds.random());
        let one = StoryRun { story, vantage, targets, began, random };
        one.rows(&owners)
    })
}

/// One run.
struct StoryRun<'a> {
    story: &'a Story,
    vantage: &'a str,
    targets: &'a Targets,
    began: Timestamp,
    random: StdRng,
}

impl StoryRun<'_> {
    fn rows(mut self, owners: &Owners<'_>) -> Result<Rows, ReplayError> {
        let network = self.story.network(self.began, self.random.random());
        let codec = Codec::new(Secret::new(self.random.random()));
        let job = TraceJob::new(self.targets, self.addresses()?, self.began);
        let mut transport = VirtualTransport::new(network, codec);
        let mut traces = Vec::new();
        let (measured, failure) = job.run(&mut transport, &mut self.random, &mut traces);
        failure?;
        let mut survey = Survey::new(self.targets, Keep::default());
        for trace in &traces {
            survey.add(trace)?;
        }
        let split = survey.judge(owners)?.split();
        Ok(summary(&self.about(&measured), &split, &self.targets.classes, None))
    }

    fn addresses(&mut self) -> Result<Vec<Ipv4Addr>, ReplayError> {
        let block = &self.targets.block;
        Ok(sample(block, &select(block, &[], &mut self.random)?, self.story.sample))
    }

    fn about(&mut self, measured: &Measured) -> Run {
        let chance: u32 = self.random.random();
        Run {
            id: format!("{}-{chance:08x}", self.began.strftime("%Y%m%dT%H%M%SZ")),
            started: Some(self.began),
            ended: self.began.checked_add(measured.took).ok(),
            vantage: self.vantage.into(),
            method: ProbeMethod::Icmp.to_string(),
            complete: measured.is_complete(),
            doubts: Vec::new(),
        }
    }
}
