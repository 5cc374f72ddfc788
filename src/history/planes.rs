//! What is announced beside what traces show: for each scope that both planes have, whether they agree, and how many
//! upstreams and carriers there are.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::event::Verdict;
use super::row::{Name, Names, Plane};
use super::series::Series;

/// Who carries a scope, as one plane shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// These, each once and always in the same order: upstreams that are announced, or carriers of traces.
    By(Vec<Name>),
    /// Nobody: it is withdrawn, or no trace gets there.
    Nobody,
    /// It cannot be said.
    Unknown,
}

impl Carried {
    /// As a series shows it at last.
    #[must_use]
    pub fn of(series: &Series) -> Self {
        let state = &series.state;
        if state.verdict == Verdict::Unreached {
            return Self::Nobody;
        }
        let mut carriers: Vec<Name> = state.carriers.iter().map(|it| it.carrier).collect();
        carriers.sort_unstable();
        let is_known = state.verdict != Verdict::Unknown && !carriers.is_empty();
        if is_known { Self::By(carriers) } else { Self::Unknown }
    }

    /// How many would have to fail before nothing is reached, where that can be said.
    #[must_use]
    pub fn redundancy(&self) -> Option<usize> {
        match self {
            Self::By(carriers) => Some(carriers.len()),
            Self::Nobody => Some(0),
            Self::Unknown => None,
        }
    }
}

/// What both planes say together about a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Situation {
    /// Both show the same carriers.
    Same,
    /// It is withdrawn, and no trace gets there.
    Down,
    /// It is announced, and no trace gets there.
    OnlyAnnounced,
    /// It is withdrawn, and traces still get there.
    OnlyTraced,
    /// Of the upstreams that are announced, traces show some or none.
    NotAllSeen {
        /// How many are announced.
        announced: usize,
        /// How many of them traces show.
        seen: usize,
    },
    /// Traces show a carrier that is not announced.
    NotAnnounced(Name),
    /// One of the planes does not show who carries it.
    Unclear,
}

/// What the planes say together, most telling first. A pure function of both.
#[must_use]
pub fn situations(announced: &Carried, traced: &Carried) -> Vec<Situation> {
    let (upstreams, carriers) = match (announced, traced) {
        (Carried::By(upstreams), Carried::By(carriers)) => (upstreams, carriers),
        (Carried::By(_), Carried::Nobody) => return vec![Situation::OnlyAnnounced],
        (Carried::Nobody, Carried::By(_)) => return vec![Situation::OnlyTraced],
        (Carried::Nobody, Carried::Nobody) => return vec![Situation::Down],
        _ => return vec![Situation::Unclear],
    };
    let seen = upstreams.iter().filter(|upstream| carriers.contains(upstream)).count();
    let not_all = Situation::NotAllSeen { announced: upstreams.len(), seen };
    let others = carriers.iter().filter(|carrier| !upstreams.contains(carrier));
    let mut all: Vec<Situation> = (seen < upstreams.len()).then_some(not_all).into_iter().collect();
    all.extend(others.map(|carrier| Situation::NotAnnounced(*carrier)));
    if all.is_empty() { vec![Situation::Same] } else { all }
}

/// What collectors and vantages that show the same say together about scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Where it is so.
    pub scopes: Vec<Ipv4Net>,
    /// The collectors.
    pub collectors: Vec<Name>,
    /// The vantages of the traces, with their methods.
    pub vantages: Vec<(Name, Name)>,
    /// What the collectors show.
    pub announced: Carried,
    /// What the traces show.
    pub traced: Carried,
    /// What follows from both.
    pub situations: Vec<Situation>,
}

/// The comparisons of the scopes that both planes have, prefixes before their block.
#[must_use]
pub fn comparisons<'s>(series: impl IntoIterator<Item = &'s Series>) -> Vec<Comparison> {
    let mut scopes: BTreeMap<_, Vec<&Series>> = BTreeMap::new();
    for series in series {
        let prefixes_first = (u8::MAX - series.scope.prefix_len(), series.scope);
        scopes.entry(prefixes_first).or_default().push(series);
    }
    let mut all: Vec<Comparison> = Vec::new();
    for ((_, scope), series) in scopes {
        let traced = alike(&series, Plane::Data);
        for (announced, collectors) in alike(&series, Plane::Control) {
            for (traced, vantages) in &traced {
                let new = Comparison {
                    scopes: vec![scope],
                    collectors: collectors.iter().map(|series| series.vantage).collect(),
                    vantages: vantages.iter().map(|it| (it.vantage, it.method)).collect(),
                    announced: announced.clone(),
                    traced: traced.clone(),
                    situations: situations(&announced, traced),
                };
                match all.iter_mut().find(|other| new.is_like(other)) {
                    Some(other) => other.scopes.push(scope),
                    None => all.push(new),
                }
            }
        }
    }
    all
}

/// The series of a plane that show the same, together.
fn alike<'s>(series: &[&'s Series], plane: Plane) -> BTreeMap<Carried, Vec<&'s Series>> {
    let mut alike: BTreeMap<Carried, Vec<&Series>> = BTreeMap::new();
    for series in series.iter().filter(|series| series.plane == plane) {
        alike.entry(Carried::of(series)).or_default().push(series);
    }
    alike
}

impl Comparison {
    fn is_like(&self, other: &Self) -> bool {
        (&self.collectors, &self.vantages, &self.announced, &self.traced)
            == (&other.collectors, &other.vantages, &other.announced, &other.traced)
    }

    /// Where it is so.
    #[must_use]
    pub fn place(&self) -> String {
        self.scopes.iter().map(Ipv4Net::to_string).collect::<Vec<_>>().join(", ")
    }

    /// What both planes say together.
    #[must_use]
    pub fn text(&self, names: &Names) -> String {
        let texts = self.situations.iter().map(|situation| self.one(situation, names));
        texts.collect::<Vec<_>>().join("; ")
    }

    fn one(&self, situation: &Situation, names: &Names) -> String {
        let collectors = self.collectors(names);
        match situation {
            Situation::Same => "announced and traced alike".into(),
            Situation::Down => "withdrawn, and no trace gets there".into(),
            Situation::OnlyAnnounced => "announced, and no trace gets there".into(),
            Situation::OnlyTraced => {
                format!("withdrawn at {collectors}, and traces still get there")
            }
            Situation::NotAllSeen { announced, seen } => {
                let (is, are) = if *announced == 1 { ("", "is") } else { ("s", "are") };
                let seen_are = if *seen > 1 { "are" } else { "is" };
                format!(
                    "{} upstream{is} {are} announced, {} {seen_are} seen from {}",
                    number(*announced),
                    number(*seen),
                    self.vantages(names)
                )
            }
            Situation::NotAnnounced(carrier) => {
                format!(
                    "{} is seen by traces and not announced at {collectors}",
                    names.text(*carrier)
                )
            }
            Situation::Unclear if self.announced == Carried::Unknown => {
                format!("peers of {collectors} do not show by whom it is announced")
            }
            Situation::Unclear => "traces do not show who carries it".into(),
        }
    }

    /// What is announced, in words.
    #[must_use]
    pub fn announced(&self, names: &Names) -> String {
        match &self.announced {
            Carried::By(upstreams) => counted(upstreams, "upstream", names),
            Carried::Nobody => "0 upstreams".into(),
            Carried::Unknown => "upstreams unknown".into(),
        }
    }

    /// What traces show, in words.
    #[must_use]
    pub fn traced(&self, names: &Names) -> String {
        match &self.traced {
            Carried::By(carriers) => counted(carriers, "carrier", names),
            Carried::Nobody => "0 carriers".into(),
            Carried::Unknown => "carriers unknown".into(),
        }
    }

    /// The collectors, in words.
    #[must_use]
    pub fn collectors(&self, names: &Names) -> String {
        listed(self.collectors.iter().map(|name| called(names.text(*name), "a collector").into()))
    }

    /// The vantages, in words.
    #[must_use]
    pub fn vantages(&self, names: &Names) -> String {
        let one = |(vantage, method): &(Name, Name)| {
            let vantage = called(names.text(*vantage), "an unnamed vantage");
            match names.text(*method) {
                "" => vantage.to_owned(),
                method => format!("{vantage} by {method}"),
            }
        };
        listed(self.vantages.iter().map(one))
    }
}

fn called<'n>(name: &'n str, unnamed: &'n str) -> &'n str {
    if name.is_empty() { unnamed } else { name }
}

/// 2 upstreams (China Unicom, TransTeleCom).
fn counted(carriers: &[Name], what: &str, names: &Names) -> String {
    let plural = if carriers.len() == 1 { "" } else { "s" };
    let listed: Vec<&str> = carriers.iter().map(|carrier| names.text(*carrier)).collect();
    format!("{} {what}{plural} ({})", carriers.len(), listed.join(", "))
}

/// So many have a name in a list; there can be thousands of vantages.
const LISTED: usize = 4;

fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let rest = names.len().saturating_sub(LISTED);
    let mut shown: Vec<String> = names.take(LISTED).collect();
    if rest > 0 {
        shown.push(format!("{rest} more"));
    }
    match shown.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

fn number(count: usize) -> String {
    let words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    words.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is announced, what traces show, and what both say together.
    #[test]
    fn situations_are_told_apart() {
        let mut names = Names::default();
        let mut by =
            |carriers: &[&str]| Carried::By(carriers.iter().map(|it| names.of(it)).collect());
        let (none, unicom, ttk) = (Carried::Nobody, by(&["Unicom"]), by(&["TTK"]));
        let (both, other) = (by(&["Unicom", "TTK"]), by(&["Unicom", "Intelsat"]));
        for (announced, traced, expected) in [
            (&unicom, &unicom, "announced and traced alike"),
            (&both, &both, "announced and traced alike"),
            (&none, &none, "withdrawn, and no trace gets there"),
            (&unicom, &none, "announced, and no trace gets there"),
            (&both, &none, "announced, and no trace gets there"),
            (&none, &ttk, "withdrawn at rrc00, and traces still get there"),
            (&none, &both, "withdrawn at rrc00, and traces still get there"),
            (&both, &unicom, "two upstreams are announced, one is seen from tokyo by icmp"),
            (&unicom, &both, "TTK is seen by traces and not announced at rrc00"),
            (
                &unicom,
                &ttk,
                "one upstream is announced, none is seen from tokyo by icmp; \
                 TTK is seen by traces and not announced at rrc00",
            ),
            (
                &both,
                &other,
                "two upstreams are announced, one is seen from tokyo by icmp; \
                 Intelsat is seen by traces and not announced at rrc00",
            ),
            (&unicom, &Carried::Unknown, "traces do not show who carries it"),
            (&none, &Carried::Unknown, "traces do not show who carries it"),
            (&Carried::Unknown, &unicom, "peers of rrc00 do not show by whom it is announced"),
        ] {
            let comparison = Comparison {
                scopes: Vec::new(),
                collectors: vec![names.of("rrc00")],
                vantages: vec![(names.of("tokyo"), names.of("icmp"))],
                announced: announced.clone(),
                traced: traced.clone(),
                situations: situations(announced, traced),
            };
            assert_eq!(comparison.text(&names), expected);
        }
    }

    #[test]
    fn many_vantages_are_not_all_named() {
        let names = |count: usize| {
            listed((1..=count).map(|it| it.to_string()).collect::<Vec<_>>().into_iter())
        };
        assert_eq!([1, 2, 4].map(names), ["1", "1 and 2", "1, 2, 3 and 4"]);
        assert_eq!(names(6), "1, 2, 3, 4 and 2 more");
    }
}
