//! Counts what was judged against what is true.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use lasthop::border::Behind;
use lasthop::split::{Share, Split, split};
use lasthop::targets::Targets;
use lasthop::trace::Trace;
use lasthop::transit::{Confidence, Judgement, Reason};

use super::measure::{Judged, measure};
use super::world::{Order, draw};

/// How many there are, and how many of them are right.
#[derive(Default, Clone, Copy)]
pub struct Right {
    pub right: usize,
    pub all: usize,
}

impl Right {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }
}

/// What has been counted.
#[derive(Default)]
pub struct Score {
    /// By confidence, the class that was judged, and the true one.
    pub confusion: BTreeMap<(Confidence, String, String), usize>,
    pub rules: BTreeMap<(Confidence, String, String), Right>,
    pub coverage: BTreeMap<String, Right>,
}

/// The score over the networks of these numbers.
pub fn of(networks: Range<u64>, order: Order, targets: &Targets) -> Score {
    let mut score = Score::default();
    for number in networks {
        let world = draw(number, order);
        let truths = world.truths.clone();
        let sample = world.sample;
        let judged = measure(world, number, targets);
        for one in &judged {
            score.add(one, targets);
        }
        let pairs: Vec<(&Trace, &Judgement)> =
            judged.iter().map(|one| (&one.trace, &one.judgement)).collect();
        score.cover(&split(&pairs, targets), &truths, sample, targets);
    }
    score
}

impl Score {
    fn add(&mut self, one: &Judged, targets: &Targets) {
        let class = one.judgement.class.name(&targets.classes).to_owned();
        let confidence = one.judgement.confidence;
        let right = class == one.truth;
        let rule = rule(&one.judgement);
        self.rules.entry((confidence, class.clone(), rule)).or_default().add(right);
        *self.confusion.entry((confidence, class, one.truth.clone())).or_default() += 1;
    }

    fn cover(
        &mut self,
        split: &Split,
        truths: &[BTreeMap<&'static str, u32>],
        sample: usize,
        targets: &Targets,
    ) {
        let first = targets.classes.ids().next().expect("a class");
        let name = targets.classes.name(first);
        let mut all = Vec::new();
        let mut mixed = 0;
        for part in &split.routed {
            let place = targets.block.routed_index(part.scope.network()).expect("a prefix");
            let truth = share(&truths[place], name);
            let Some(truth) = truth else { continue };
            let Some(share) = part.shares[first.index()] else { continue };
            let kind = if truth > 0.0 && truth < 1.0 { "split" } else { "pure" };
            mixed += usize::from(kind == "split");
            let right = covers(share, truth);
            self.coverage.entry(format!("prefix, {kind}, {sample:>2}")).or_default().add(right);
            all.push(truth);
        }
        if all.len() == 4
            && let Some(share) = split.block.shares[first.index()]
        {
            let right = covers(share, all.iter().sum::<f64>() / 4.0);
            self.coverage.entry(format!("block, {mixed} split, {sample:>2}")).or_default().add(right);
        }
    }

    pub fn tables(&self, _: &Targets) -> String {
        let mut text = String::new();
        for ((confidence, class, truth), count) in &self.confusion {
            let _ = writeln!(text, "{confidence} {class:>10} {truth:>10} {count}");
        }
        for ((confidence, class, rule), right) in &self.rules {
            let part = 100.0 * right.right as f64 / right.all as f64;
            let _ = writeln!(text, "{confidence} {class:>10} {rule:<30} {part:.2} % of {}", right.all);
        }
        for (what, right) in &self.coverage {
            let part = 100.0 * right.right as f64 / right.all as f64;
            let _ = writeln!(text, "{what:<30} {part:.2} % of {}", right.all);
        }
        text
    }
}

fn rule(judgement: &Judgement) -> String {
    let mut words = match judgement.border.behind {
        Behind::Home { gap, .. } => format!("home {gap}"),
        Behind::Stranger { .. } => "stranger".into(),
        Behind::Refusal { code, .. } => format!("refusal {code}"),
        Behind::Silence { .. } => "silence".into(),
    };
    for reason in &judgement.reasons {
        match reason {
            Reason::Skipped { .. } => words.push_str(" skipped"),
            Reason::WentOn(_) => words.push_str(" went-on"),
            Reason::GapBefore(_) => words.push_str(" gap"),
            Reason::ThirdParty(_) => words.push_str(" third"),
            _ => {}
        }
    }
    words
}

fn share(truths: &BTreeMap<&'static str, u32>, name: &str) -> Option<f64> {
    let of = |names: &[&str]| -> u32 { names.iter().filter_map(|name| truths.get(name)).sum() };
    let all = of(&["china", "russia", "other"]);
    (all > 0).then(|| f64::from(of(&[name])) / f64::from(all))
}

fn covers(share: Share, truth: f64) -> bool {
    share.low <= truth + 1e-9 && truth <= share.high + 1e-9
}
