//! A story measured from its first run to its last, in virtual time.
//!
//! Beside the road: it drives the whole of it, from targets to summary rows, over the lab's simulated
//! internet, and gives each run the times that the story has. The same seed gives the same bytes.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::lab::{Story, VirtualWire};
use crate::output::{Rows, Run, summary};
use crate::owner::Owners;
use crate::probe::engine::{self, Measured};
use crate::probe::packet::{Codec, Secret};
use crate::probe::plan::Plan;
use crate::probe::wire::WireError;
use crate::probe::{Finished, Method, Settings};
use crate::survey::{Keep, Survey, SurveyError};
use crate::targets::{OutsideBlock, Targets, sample, select};

/// Why a story cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The block has no addresses to choose from.
    #[error(transparent)]
    Targets(#[from] OutsideBlock),
    /// The simulated network cannot be sent into.
    #[error(transparent)]
    Wire(#[from] WireError),
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
        let one = One { story, vantage, targets, began, random };
        one.rows(&owners)
    })
}

/// One run.
struct One<'a> {
    story: &'a Story,
    vantage: &'a str,
    targets: &'a Targets,
    began: Timestamp,
    random: StdRng,
}

impl One<'_> {
    fn rows(mut self, owners: &Owners<'_>) -> Result<Rows, ReplayError> {
        let settings = Settings::default();
        let network = self.story.network(self.began, self.random.random());
        let codec = Codec::new(Secret::new(self.random.random()));
        let addresses = self.addresses()?;
        let targets = self.targets.clone();
        let methods = [Method::Icmp];
        let plan = Plan::new(targets, settings.clone(), &addresses, &methods, 1, &mut self.random);
        let mut wire = VirtualWire::new(network, codec);
        let mut finished: Vec<Finished> = Vec::new();
        let (measured, failure) = engine::run(&mut wire, plan, &settings, &mut finished);
        failure?;
        let mut survey = Survey::new(self.targets, Keep::default());
        for finished in finished {
            survey.add(&finished.trace(self.began))?;
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
            method: Method::Icmp.to_string(),
            complete: measured.is_complete(),
        }
    }
}
