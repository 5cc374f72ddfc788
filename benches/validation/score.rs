//! Counts what was judged against what is true, and prints it as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use lasthop::border::Behind;
use lasthop::split::{Share, Split, split};
use lasthop::targets::Targets;
use lasthop::trace::Trace;
use lasthop::transit::{Confidence, Judgement, Reason};

use super::measure::{Judged, measure};
use super::world::{Flows, Order, draw};

const CLASSES: [&str; 5] = ["china", "russia", "other", "unknown", "unreached"];
const LEVELS: [Confidence; 3] = [Confidence::High, Confidence::Medium, Confidence::Low];

/// How many there are, and how many of them are right.
#[derive(Default, Clone, Copy)]
pub(crate) struct Right {
    /// The right ones.
    pub(crate) right: usize,
    /// All.
    pub(crate) all: usize,
}

impl Right {
    /// Counts one.
    pub(crate) fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    /// In per cent; all of none are right.
    pub(crate) fn percent(self) -> f64 {
        let number = |count: usize| f64::from(u32::try_from(count).expect("not so many"));
        if self.all == 0 { 100.0 } else { 100.0 * number(self.right) / number(self.all) }
    }
}

/// What has been counted.
#[derive(Default)]
pub(crate) struct Score {
    /// By confidence, the class that was judged, and the true one.
    confusion: BTreeMap<(Confidence, String, String), usize>,
    /// By confidence: all, and those whose last carrier shows itself.
    levels: BTreeMap<(Confidence, bool), Right>,
    /// By confidence and what is behind the border.
    rules: BTreeMap<(Confidence, &'static str), Right>,
    /// In an outage: by confidence, how many traces are of a class, and all.
    outages: BTreeMap<Confidence, Right>,
    /// By whether home is proved to answer behind the border.
    proven: BTreeMap<bool, Right>,
    /// With the evidence of BGP: by confidence, and whether the last carrier shows itself.
    with_bgp: BTreeMap<(Confidence, bool), Right>,
    /// By what BGP shows, and the confidence without it and with it.
    moved: BTreeMap<(&'static str, Confidence, Confidence), Right>,
    /// By what the interval is of.
    coverage: BTreeMap<&'static str, Right>,
}

/// The score over the networks of these numbers.
pub(crate) fn of(networks: Range<u64>, order: Order, targets: &Targets) -> Score {
    let mut score = Score::default();
    for number in networks {
        let world = draw(number, order);
        let flows = world.flows.clone();
        let judged = measure(world, number, targets);
        for one in &judged {
            score.add(one, targets);
        }
        let pairs: Vec<(&Trace, &Judgement)> =
            judged.iter().map(|one| (&one.trace, &one.judgement)).collect();
        score.cover(&split(&pairs, targets), &flows, targets);
    }
    score
}

impl Score {
    /// How often judgements of this confidence are right; `shown`: where the true last carrier has
    /// shown itself somewhere on the path.
    pub(crate) fn level(&self, confidence: Confidence, shown: bool) -> Right {
        let of = |shown| self.levels.get(&(confidence, shown)).copied().unwrap_or_default();
        let (seen, hidden) = (of(true), of(false));
        if shown {
            return seen;
        }
        Right { right: seen.right + hidden.right, all: seen.all + hidden.all }
    }

    /// How many traces have this confidence while the whole block is cut off.
    pub(crate) fn in_outages(&self, confidence: Confidence) -> usize {
        self.outages.get(&confidence).copied().unwrap_or_default().right
    }

    /// How often the intervals of this kind hold the truth.
    pub(crate) fn covered(&self, what: &str) -> Right {
        self.coverage.get(what).copied().unwrap_or_default()
    }

    fn add(&mut self, one: &Judged, targets: &Targets) {
        let class = one.judgement.class.name(&targets.classes).to_owned();
        let confidence = one.judgement.confidence;
        let right = class == one.truth;
        self.levels.entry((confidence, one.shown)).or_default().add(right);
        let with = &one.with_bgp;
        assert_eq!(with.class, one.judgement.class, "BGP changes no class");
        self.with_bgp.entry((with.confidence, one.shown)).or_default().add(right);
        if with.class.is_classified() {
            let moved = (stand(with), confidence, with.confidence);
            self.moved.entry(moved).or_default().add(right);
        }
        self.rules.entry((confidence, rule(&one.judgement))).or_default().add(right);
        if one.outage {
            self.outages.entry(confidence).or_default().add(one.judgement.counts());
        }
        if one.judgement.counts() {
            self.proven.entry(one.judgement.proven).or_default().add(right);
        }
        *self.confusion.entry((confidence, class, one.truth.clone())).or_default() += 1;
    }

    /// Whether the intervals of China's share hold the true ones.
    fn cover(&mut self, split: &Split, flows: &[Flows], targets: &Targets) {
        let first = targets.classes.ids().next().expect("a class");
        let mut prefixes = Vec::new();
        for part in &split.routed {
            let place = targets.block.routed_index(part.scope.network()).expect("a prefix");
            let Some(share) = part.shares[first.index()] else { continue };
            let Some(truth) = flows[place].share(targets.classes.name(first)) else { continue };
            let what = match (flows[place].hides, truth > 0.0 && truth < 1.0) {
                (true, _) => "a prefix with a path that hides its carrier",
                (false, true) => "a prefix, split",
                (false, false) => "a prefix, all of one class or none of it",
            };
            self.coverage.entry(what).or_default().add(covers(share, truth));
            prefixes.push((truth, what));
        }
        let Some(share) = split.block.shares[first.index()] else { return };
        let truth = prefixes.iter().map(|(truth, _)| truth).sum::<f64>();
        let truth = truth / f64::from(u32::try_from(prefixes.len()).expect("four"));
        let what = match () {
            () if prefixes.iter().any(|(_, what)| what.contains("hides")) => {
                "the block, with a path that hides its carrier"
            }
            () if prefixes.iter().any(|(_, what)| what.ends_with("split")) => {
                "the block, with a split prefix"
            }
            () => "the block, without a split prefix",
        };
        self.coverage.entry(what).or_default().add(covers(share, truth));
    }

    /// The same as [`Score::level`], with the evidence of BGP; `shown`: only where the last carrier shows itself, or only
    /// where it hides.
    pub(crate) fn with_bgp(&self, confidence: Confidence, shown: bool) -> Right {
        self.with_bgp.get(&(confidence, shown)).copied().unwrap_or_default()
    }

    /// What BGP gains, as Markdown tables.
    pub(crate) fn gains(&self) -> String {
        let mut text = String::from(
            "\n| confidence | the last carrier | traces | right | traces with BGP | right |\n|---|---|---|---|---|---|\n",
        );
        for (shown, what) in [(true, "shows itself"), (false, "hides")] {
            for level in LEVELS {
                let without = self.levels.get(&(level, shown)).copied().unwrap_or_default();
                let with = self.with_bgp(level, shown);
                let _ = writeln!(
                    text,
                    "| {level} | {what} | {} | {:.2} % | {} | {:.2} % |",
                    without.all,
                    without.percent(),
                    with.all,
                    with.percent()
                );
            }
        }
        text.push_str(
            "\n| BGP shows | confidence without | with | classified traces | right |\n|---|---|---|---|---|\n",
        );
        for ((stand, before, after), right) in &self.moved {
            let _ = writeln!(
                text,
                "| {stand} | {before} | {after} | {} | {:.2} % |",
                right.all,
                right.percent()
            );
        }
        text
    }

    /// Everything, as Markdown tables.
    pub(crate) fn tables(&self) -> String {
        let mut text = String::from(
            "| confidence | traces | of all | right | where the last carrier shows itself |\n|---|---|---|---|---|\n",
        );
        let all = LEVELS.map(|level| self.level(level, false).all).iter().sum();
        for level in LEVELS {
            let part = Right { right: self.level(level, false).all, all };
            let (all, shown) = (self.level(level, false), self.level(level, true));
            let _ = writeln!(
                text,
                "| {level} | {} | {:.1} % | {:.2} % | {:.2} % of {} |",
                all.all,
                part.percent(),
                all.percent(),
                shown.percent(),
                shown.all
            );
        }
        for (proven, right) in &self.proven {
            let with = if *proven { "with" } else { "without" };
            let _ = writeln!(
                text,
                "\nClassified {with} arrival: {}, {:.2} % right.",
                right.all,
                right.percent()
            );
        }
        let outages: Vec<String> = LEVELS
            .iter()
            .map(|level| {
                let it = self.outages.get(level).copied().unwrap_or_default();
                format!("{level} {} of {}", it.right, it.all)
            })
            .collect();
        let _ = writeln!(text, "\nClassified in an outage: {}.", outages.join(", "));
        text.push_str(
            "\n| confidence | what is behind the border | traces | right |\n|---|---|---|---|\n",
        );
        for ((level, rule), right) in self.rules.iter().rev() {
            let _ =
                writeln!(text, "| {level} | {rule} | {} | {:.2} % |", right.all, right.percent());
        }
        let _ = writeln!(
            text,
            "\n| confidence | judged | truly {} |\n|---|---|{}",
            CLASSES.join(" | "),
            "---|".repeat(CLASSES.len())
        );
        for level in LEVELS {
            for class in CLASSES {
                let count = |truth: &str| {
                    let key = (level, class.to_owned(), truth.to_owned());
                    self.confusion.get(&key).copied().unwrap_or_default()
                };
                let counts = CLASSES.map(count);
                if counts.iter().sum::<usize>() > 0 {
                    let _ = writeln!(
                        text,
                        "| {level} | {class} | {} |",
                        counts.map(|n| n.to_string()).join(" | ")
                    );
                }
            }
        }
        text.push_str(&coverage(&self.coverage));
        text.push_str(&self.gains());
        text
    }
}

/// What BGP shows of the carrier.
fn stand(judgement: &Judgement) -> &'static str {
    let stand = judgement.reasons.iter().find_map(|reason| match reason {
        Reason::Announced { peers: 1, .. } => Some("the carrier, by one peer AS"),
        Reason::Announced { .. } => Some("the carrier"),
        Reason::NotAnnounced { is_weak: true, .. } => Some("others, by one peer AS"),
        Reason::NotAnnounced { is_of_another_class: true, .. } => Some("others of other classes"),
        Reason::NotAnnounced { .. } => Some("others, one of the same class"),
        _ => None,
    });
    stand.unwrap_or("nothing")
}

/// A table of how often intervals hold the truth.
pub(crate) fn coverage(coverage: &BTreeMap<&'static str, Right>) -> String {
    let mut text =
        String::from("\n| 95 % interval of | intervals | hold the truth |\n|---|---|---|\n");
    for (what, right) in coverage {
        let _ = writeln!(text, "| {what} | {} | {:.1} % |", right.all, right.percent());
    }
    text
}

fn rule(judgement: &Judgement) -> &'static str {
    match judgement.border.behind {
        Behind::Home { gap: 0, .. } => "home",
        Behind::Home { gap: 1..=3, .. } => "home, behind 1 to 3 silent hops",
        Behind::Home { .. } => "home, behind more",
        Behind::ForeignReply { .. } => "the target, from elsewhere",
        Behind::Unreachable { .. } => "a refusal",
        Behind::Silence { .. } => "silence",
    }
}

/// Whether an interval holds the truth.
pub(crate) fn covers(share: Share, truth: f64) -> bool {
    share.low <= truth + 1e-9 && truth <= share.high + 1e-9
}
