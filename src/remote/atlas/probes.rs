//! Which probes measure: chosen from the list of all, by a seed. One of each AS, since the probes of an AS mostly share
//! their way, and few of each country, so that no country outvotes the world.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;

use super::api::list;
use super::measurement::whole;
use crate::remote::client::Client;
use crate::remote::error::RemoteError;
use crate::remote::run::{Places, ProbePlace};

/// What a probe must be able to do.
const WORKS: &str = "system-ipv4-works";
/// How many probes of a country there may be, in a sample of the world.
const MOST_OF_COUNTRY: usize = 4;
/// Above so many probes that would leave Europe and America behind: no interval would hold the mean over AS.
const MOST_WITH_COUNTRIES: usize = 100;
/// How many probes a filter may name.
const MOST_NAMED: usize = 500;
/// The areas of the service, but for the world.
const AREAS: [&str; 5] = ["West", "North-Central", "South-Central", "North-East", "South-East"];

/// Where probes are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// Anywhere.
    World,
    /// In a country.
    Country(String),
    /// In an AS.
    Asn(u32),
    /// In an area, where the service chooses.
    Area(&'static str),
    /// These.
    Probes(Vec<u64>),
    /// Those of a measurement.
    Measurement(u64),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected a country (DE), an AS (AS3320), area:WW (or {}), probes:1,2 or msm:ID",
                AREAS.join(", ")
            )
        };
        if let Some(area) = text.strip_prefix("area:") {
            if area.eq_ignore_ascii_case("ww") {
                return Ok(Self::World);
            }
            let known = AREAS.into_iter().find(|known| known.eq_ignore_ascii_case(area));
            return known.map(Self::Area).ok_or_else(wrong);
        }
        if let Some(ids) = text.strip_prefix("probes:") {
            let ids: Result<BTreeSet<u64>, _> =
                ids.split(',').map(|id| id.trim().parse()).collect();
            return ids.map(|ids| Self::Probes(ids.into_iter().collect())).map_err(|_| wrong());
        }
        if let Some(id) = text.strip_prefix("msm:") {
            return id.parse().map(Self::Measurement).map_err(|_| wrong());
        }
        let asn = text
            .get(..2)
            .filter(|start| start.eq_ignore_ascii_case("as"))
            .and_then(|_| text.get(2..));
        if let Some(asn) = asn.filter(|asn| !asn.is_empty()) {
            return asn.parse().map(Self::Asn).map_err(|_| wrong());
        }
        let is_country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_country { Ok(Self::Country(text.to_ascii_uppercase())) } else { Err(wrong()) }
    }
}

/// A probe that can measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub place: ProbePlace,
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The probes.
    pub probes: Vec<Probe>,
    /// The areas in which the service is to choose, and how many.
    pub areas: Vec<(&'static str, usize)>,
    /// What users should know about it.
    pub remarks: Vec<String>,
}

impl Chosen {
    /// How many probes are asked for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.probes.len() + self.areas.iter().map(|(_, count)| count).sum::<usize>()
    }

    /// Where they are.
    #[must_use]
    pub fn places(&self) -> Places {
        self.probes.iter().map(|probe| (probe.id, probe.place.clone())).collect()
    }

    /// How many AS and countries they are in, and how many are in the AS that has most.
    #[must_use]
    pub fn spread(&self) -> (usize, usize, usize) {
        let (mut asns, mut countries) = (BTreeMap::<_, usize>::new(), BTreeSet::new());
        for probe in &self.probes {
            *asns.entry(probe.place.asn).or_default() += 1;
            countries.extend(probe.place.country.as_ref());
        }
        (asns.len(), countries.len(), asns.values().max().copied().unwrap_or_default())
    }
}

/// Chooses `count` probes; each of `from` gets its part of them.
///
/// # Errors
/// When the service refuses or does not answer, or has no such probe.
pub fn choose(
    client: &mut Client,
    from: &[From],
    count: usize,
    random: &mut StdRng,
    budget: Duration,
) -> Result<Chosen, RemoteError> {
    let world = [From::World];
    let from = if from.is_empty() { &world[..] } else { from };
    let mut chosen = Chosen::default();
    for (number, one) in from.iter().enumerate() {
        // What is left is divided among those that are left.
        let left = count.saturating_sub(chosen.count());
        let part = left.div_ceil(from.len() - number);
        let taken: BTreeSet<u64> = chosen.probes.iter().map(|probe| probe.id).collect();
        let is_free = |probe: &Probe| !taken.contains(&probe.id);
        match one {
            From::Area(area) if part > 0 => chosen.areas.push((area, part)),
            From::Area(_) => {}
            From::Probes(ids) => {
                let found = named(client, ids, budget)?;
                if found.len() < ids.len() {
                    let missing = ids.len() - found.len();
                    chosen.remarks.push(format!(
                        "{missing} of the {} probes that were named are not connected",
                        ids.len()
                    ));
                }
                chosen.probes.extend(found.into_iter().filter(is_free));
            }
            From::Measurement(id) => {
                let ids = of_measurement(client, *id, budget)?;
                let mut found: Vec<_> =
                    named(client, &ids, budget)?.into_iter().filter(is_free).collect();
                found.shuffle(random);
                chosen.probes.extend(found.into_iter().take(part));
            }
            From::World | From::Country(_) | From::Asn(_) => {
                let filter = match one {
                    From::Country(code) => format!("&country_code={code}"),
                    From::Asn(asn) => format!("&asn_v4={asn}"),
                    _ => String::new(),
                };
                let mut found = connected(client, &filter, budget)?;
                found.retain(|probe| is_free(probe) && one.has(probe));
                let mut asns = chosen.probes.iter().filter_map(|probe| probe.place.asn).collect();
                let most = (*one == From::World && count <= MOST_WITH_COUNTRIES)
                    .then_some(MOST_OF_COUNTRY);
                let per_asn = !matches!(one, From::Asn(_));
                let before = chosen.probes.len();
                chosen.probes.extend(sample(
                    found,
                    part,
                    per_asn.then_some(&mut asns),
                    most,
                    random,
                ));
                let got = chosen.probes.len() - before;
                if got < part {
                    chosen
                        .remarks
                        .push(format!("{}: {got} probes can be taken, not {part}", one.text()));
                }
            }
        }
    }
    chosen.probes.sort_by_key(|probe| probe.id);
    if chosen.count() == 0 {
        let why =
            "it has no connected probe for IPv4 there; name other places by --from".to_owned();
        return Err(RemoteError::Unexpected { what: "the list of probes".into(), why });
    }
    Ok(chosen)
}

impl From {
    fn has(&self, probe: &Probe) -> bool {
        match self {
            Self::Country(code) => probe.place.country.as_ref() == Some(code),
            Self::Asn(asn) => probe.place.asn == Some(*asn),
            _ => true,
        }
    }

    /// As labels and messages name it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::World => "world".into(),
            Self::Country(code) => code.clone(),
            Self::Asn(asn) => format!("AS{asn}"),
            Self::Area(area) => (*area).into(),
            Self::Probes(_) => "probes".into(),
            Self::Measurement(id) => format!("msm:{id}"),
        }
    }
}

/// `count` of `probes`, in random order: one of each AS, if `asns` are those that were taken, and at most `most` of
/// each country.
fn sample(
    mut probes: Vec<Probe>,
    count: usize,
    mut asns: Option<&mut BTreeSet<u32>>,
    most: Option<usize>,
    random: &mut StdRng,
) -> Vec<Probe> {
    // The service may list them in any order.
    probes.sort_by_key(|probe| probe.id);
    probes.dedup_by_key(|probe| probe.id);
    probes.shuffle(random);
    // An AS is as likely as any other, however many probes it has.
    if asns.is_some() {
        let mut one_of_each = BTreeMap::new();
        for probe in probes {
            one_of_each.entry(probe.place.asn).or_insert(probe);
        }
        probes = one_of_each.into_values().collect();
        probes.shuffle(random);
    }
    let mut countries = BTreeMap::<_, usize>::new();
    let mut taken = Vec::new();
    for probe in probes {
        if taken.len() == count {
            break;
        }
        let of_country = countries.entry(probe.place.country.clone()).or_default();
        if most.is_some_and(|most| *of_country >= most) {
            continue;
        }
        if let (Some(asns), Some(asn)) = (asns.as_deref_mut(), probe.place.asn)
            && !asns.insert(asn)
        {
            continue;
        }
        *of_country += 1;
        taken.push(probe);
    }
    taken
}

const FIELDS: &str = "fields=id,asn_v4,country_code,status,tags&page_size=500";

fn connected(
    client: &mut Client,
    filter: &str,
    budget: Duration,
) -> Result<Vec<Probe>, RemoteError> {
    let path = format!("probes/?status=1&tags={WORKS}{filter}&{FIELDS}");
    let mut found = Vec::new();
    list(client, "the list of probes", &path, budget, &mut |value| found.extend(probe(value)))?;
    Ok(found)
}

/// Those of `ids` that are connected.
fn named(client: &mut Client, ids: &[u64], budget: Duration) -> Result<Vec<Probe>, RemoteError> {
    let mut found = Vec::new();
    of_ids(client, ids, budget, &mut |value| {
        found.extend(probe(value));
    })?;
    found.sort_by_key(|probe| probe.id);
    found.dedup_by_key(|probe| probe.id);
    Ok(found)
}

fn of_measurement(client: &mut Client, id: u64, budget: Duration) -> Result<Vec<u64>, RemoteError> {
    let path = client.path(&format!("measurements/{id}/?optional_fields=probes"));
    let until = client.clock.now() + budget;
    client.get(&format!("measurement {id}"), &path, false, until, |value| {
        let probes = value.get("probes").and_then(Value::as_array).ok_or("it lists no probes")?;
        let id = |one: &Value| whole(one.get("id").unwrap_or(one));
        Ok(probes.iter().filter_map(id).collect())
    })
}

/// Where probes are, as far as the service says it.
pub(super) fn places(
    client: &mut Client,
    ids: &[u64],
    budget: Duration,
) -> Result<Places, RemoteError> {
    let mut places = Places::new();
    of_ids(client, ids, budget, &mut |value| {
        places.extend(value.get("id").and_then(whole).map(|id| (id, place(value))));
    })?;
    Ok(places)
}

/// Gives `take` the probes with these numbers, whether they are connected or not.
fn of_ids(
    client: &mut Client,
    ids: &[u64],
    budget: Duration,
    take: &mut dyn FnMut(&Value),
) -> Result<(), RemoteError> {
    for some in ids.chunks(MOST_NAMED) {
        let text: Vec<_> = some.iter().map(u64::to_string).collect();
        let path = format!("probes/?id__in={}&{FIELDS}", text.join(","));
        list(client, "the list of probes", &path, budget, &mut |value| {
            if value.get("id").and_then(whole).is_some_and(|id| some.contains(&id)) {
                take(value);
            }
        })?;
    }
    Ok(())
}

/// The probe that `value` describes, if it is connected, works, and its AS is known.
fn probe(value: &Value) -> Option<Probe> {
    let status = value.get("status")?;
    let number = status.get("id").and_then(whole).or_else(|| whole(status));
    let slug = |tag: &Value| tag.get("slug").unwrap_or(tag).as_str() == Some(WORKS);
    let works =
        value.get("tags").and_then(Value::as_array).is_none_or(|tags| tags.iter().any(slug));
    let place = place(value);
    let is_usable = number == Some(1) && works && place.asn.is_some();
    is_usable.then(|| Some(Probe { id: whole(value.get("id")?)?, place }))?
}

fn place(value: &Value) -> ProbePlace {
    let country = value.get("country_code").and_then(Value::as_str);
    let is_code =
        |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    ProbePlace {
        country: country.filter(is_code).map(str::to_ascii_uppercase),
        asn: value.get("asn_v4").and_then(whole).and_then(|asn| u32::try_from(asn).ok()),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn probes() -> Vec<Probe> {
        // AS 1 has half of all probes, and most countries have one AS.
        let one = |id: u64| {
            let asn = if id.is_multiple_of(2) { 1 } else { u32::try_from(id).expect("small") };
            let country =
                if id.is_multiple_of(3) { "DE".into() } else { format!("{:02}", id % 40) };
            Probe { id, place: ProbePlace { country: Some(country), asn: Some(asn) } }
        };
        (1..600).map(one).collect()
    }

    fn sampled(count: usize, most: Option<usize>, seed: u64) -> Vec<Probe> {
        let mut asns = BTreeSet::new();
        sample(probes(), count, Some(&mut asns), most, &mut StdRng::seed_from_u64(seed))
    }

    #[test]
    fn a_sample_has_one_of_each_as_and_few_of_each_country() {
        for seed in 0..20 {
            let taken = sampled(80, Some(4), seed);
            let asns: BTreeSet<_> = taken.iter().map(|probe| probe.place.asn).collect();
            assert_eq!((taken.len(), asns.len()), (80, 80));
            let german = taken.iter().filter(|probe| probe.place.country.as_deref() == Some("DE"));
            assert!(german.count() <= 4);
        }
        assert!(
            sampled(200, None, 1)
                .iter()
                .filter(|probe| probe.place.country.as_deref() == Some("DE"))
                .count()
                > 40
        );
    }

    #[test]
    fn the_same_seed_takes_the_same_probes_in_whatever_order_they_are_listed() {
        let mut asns = BTreeSet::new();
        let mut reversed = probes();
        reversed.reverse();
        let again = sample(reversed, 80, Some(&mut asns), Some(4), &mut StdRng::seed_from_u64(5));
        assert_eq!(sampled(80, Some(4), 5), again);
        assert_ne!(sampled(80, Some(4), 6), again);
    }

    #[test]
    fn places_are_written_as_users_do() {
        let of = |text: &str| text.parse::<From>().ok();
        assert_eq!(of("de"), Some(From::Country("DE".into())));
        assert_eq!(of("AS3320"), Some(From::Asn(3320)));
        assert_eq!(of("as"), Some(From::Country("AS".into())));
        assert_eq!(of("area:WW"), Some(From::World));
        assert_eq!(of("area:north-east"), Some(From::Area("North-East")));
        assert_eq!(of("probes:3,1,3"), Some(From::Probes(vec![1, 3])));
        assert_eq!(of("msm:12"), Some(From::Measurement(12)));
        for wrong in ["", "DEU", "AS1x", "area:Moon", "probes:", "probes:1,x", "msm:-1", "d1", "ü"]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_probes_that_can_measure_are_taken() {
        let of =
            |text: &str| probe(&serde_json::from_str(text).expect("JSON")).map(|probe| probe.id);
        let tags = r#""tags":[{"name":"x","slug":"system-ipv4-works"}]"#;
        assert_eq!(of(&format!(r#"{{"id":1,"asn_v4":2,"status":{{"id":1}},{tags}}}"#)), Some(1));
        assert_eq!(of(r#"{"id":1,"asn_v4":"2","status":1,"tags":["system-ipv4-works"]}"#), Some(1));
        assert_eq!(of(&format!(r#"{{"id":1,"asn_v4":null,"status":{{"id":1}},{tags}}}"#)), None);
        assert_eq!(of(&format!(r#"{{"id":1,"asn_v4":2,"status":{{"id":2}},{tags}}}"#)), None);
        assert_eq!(of(r#"{"id":1,"asn_v4":2,"status":{"id":1},"tags":[]}"#), None);
        assert_eq!(of("[]"), None);
    }
}
