//! What both planes show is one incident: which events these are, and the numbers of all incidents.
//!
//! A collector shows when something was announced to the second, traces show between which runs. Two events are one where
//! scope, kind and subject are the same, and no more than the traces' usual pause lies between their times.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::event::{Event, Kind, Verdict};
use super::row::{Name, Plane};

/// Two collectors show one change within so much.
const ONE_CHANGE: SignedDuration = SignedDuration::from_secs(60);

/// What must be the same for two events to be one.
type What = (Ipv4Net, Kind, Option<Name>, Option<Verdict>);

/// What one vantage saw by one method between the same two times.
type Place = (Timestamp, Timestamp, Timestamp, Name, Name);

/// Gives each event the number of its incident, in the order of their times: for each vantage and method, or where a
/// history has both planes for all of them. `pause` says how far apart the runs are that an event was found in.
pub(super) fn number_incidents(
    events: &mut [Event],
    has_both: bool,
    pause: impl Fn(&Event) -> SignedDuration,
) {
    let numbers = if has_both { joined(events, pause) } else { apart(events) };
    for (event, number) in events.iter_mut().zip(numbers) {
        event.incident = u32::try_from(number).unwrap_or(u32::MAX);
    }
}

fn place(event: &Event) -> Place {
    (event.middle(), event.before.at, event.after.at, event.vantage, event.method)
}

/// The numbers for each vantage and method.
fn apart(events: &[Event]) -> Vec<usize> {
    let mut places: HashMap<(Name, Name), Vec<Place>> = HashMap::new();
    for event in events {
        places.entry((event.vantage, event.method)).or_default().push(place(event));
    }
    for places in places.values_mut() {
        places.sort_unstable();
        places.dedup();
    }
    let number = |event: &Event| {
        let places = places.get(&(event.vantage, event.method))?;
        Some(places.binary_search(&place(event)).ok()? + 1)
    };
    events.iter().map(|event| number(event).unwrap_or_default()).collect()
}

/// The numbers for all together.
fn joined(events: &[Event], pause: impl Fn(&Event) -> SignedDuration) -> Vec<usize> {
    let pairs = pairs(events, pause);
    // What happened between two tables need not have happened at once, and traces may say when each of it did.
    let dated: HashSet<(Place, Ipv4Net)> = pairs
        .iter()
        .filter(|(announced, _)| announced.first.is_none())
        .map(|(announced, _)| (place(announced), announced.scope))
        .collect();
    let key = |event: &Event| {
        let place = place(event);
        (place, dated.contains(&(place, event.scope)).then_some(event.scope))
    };
    let mut keys: Vec<(Place, Option<Ipv4Net>)> = events.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let of = |event: &Event| keys.binary_search(&key(event)).unwrap_or_default();
    let mut groups = Groups((0..keys.len()).collect());
    for (one, other) in pairs {
        groups.join(of(one), of(other));
    }
    // What is announced says when it was.
    let mut times: HashMap<usize, (Plane, Timestamp)> = HashMap::new();
    for event in events {
        let time = (event.plane, event.middle());
        let first = times.entry(groups.first(of(event))).or_insert(time);
        *first = time.min(*first);
    }
    let mut order: Vec<(Timestamp, usize)> =
        times.iter().map(|(group, (_, time))| (*time, *group)).collect();
    order.sort_unstable();
    let numbers: HashMap<usize, usize> =
        order.iter().zip(1..).map(|((_, group), number)| (*group, number)).collect();
    let number = |event: &Event| numbers.get(&groups.first(of(event))).copied();
    events.iter().map(|event| number(event).unwrap_or_default()).collect()
}

/// Places that belong together: each leads to an earlier one, or to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn first(&self, mut place: usize) -> usize {
        while let Some(earlier) = self.0.get(place).filter(|earlier| **earlier != place) {
            place = *earlier;
        }
        place
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        if let Some(later) = self.0.get_mut(one.max(other)) {
            *later = one.min(other);
        }
    }
}

fn what(event: &Event) -> What {
    let verdict = (event.kind == Kind::VerdictChanged).then_some(event.after.verdict);
    (event.scope, event.kind, event.subject, verdict)
}

/// Events of collectors that say the same, those that ended first in front.
#[derive(Default)]
struct Announced<'e> {
    events: Vec<&'e Event>,
    longest: SignedDuration,
}

/// The events that are one.
fn pairs<'e>(
    events: &'e [Event],
    pause: impl Fn(&Event) -> SignedDuration,
) -> Vec<(&'e Event, &'e Event)> {
    let mut announced: HashMap<What, Announced<'e>> = HashMap::new();
    let mut traced: Vec<&Event> = Vec::new();
    for event in events {
        match event.plane {
            Plane::Data => traced.push(event),
            Plane::Control => {
                let same = announced.entry(what(event)).or_default();
                let (from, to) = event.span();
                same.longest = same.longest.max(to.duration_since(from));
                same.events.push(event);
            }
        }
    }
    let mut pairs = Vec::new();
    for same in announced.values_mut() {
        same.events.sort_by_key(|event| event.span().1);
        let next_to = same.events.iter().zip(same.events.iter().skip(1));
        let at_once = next_to.filter(|(one, other)| {
            let times = one.first.zip(other.first);
            one.vantage != other.vantage
                && times.is_some_and(|(one, other)| other.duration_since(one) <= ONE_CHANGE)
        });
        pairs.extend(at_once.map(|(one, other)| (*one, *other)));
    }
    traced.sort_by_key(|event| event.span());
    // Each change that a collector shows is at most one of those that a vantage found.
    let mut taken: HashSet<(Place, What, Name, Name)> = HashSet::new();
    for event in traced {
        let Some(same) = announced.get(&what(event)) else { continue };
        let is_free = |other: &&Event| {
            !taken.contains(&(place(other), what(other), event.vantage, event.method))
        };
        let nearest = same.nearest(event, pause(event), is_free);
        for other in nearest {
            taken.insert((place(other), what(other), event.vantage, event.method));
            pairs.push((other, event));
        }
    }
    pairs
}

impl<'e> Announced<'e> {
    /// Of each collector the event that is nearest to what traces show; the latest of those that are as near, since what
    /// came before has been undone.
    fn nearest(
        &self,
        event: &Event,
        pause: SignedDuration,
        is_free: impl Fn(&&'e Event) -> bool,
    ) -> Vec<&'e Event> {
        let (from, to) = event.span();
        let earliest = from.saturating_sub(pause).unwrap_or(Timestamp::MIN);
        let latest = to.saturating_add(pause).unwrap_or(Timestamp::MAX);
        let last_end = latest.saturating_add(self.longest).unwrap_or(Timestamp::MAX);
        let begin = self.events.partition_point(|other| other.span().1 < earliest);
        let near = self.events.iter().skip(begin).copied();
        let near = near.take_while(|other| other.span().1 <= last_end);
        let mut nearest: HashMap<Name, &'e Event> = HashMap::new();
        let key = |other: &Event| {
            let (other_from, other_to) = other.span();
            let gap = from.duration_since(other_to).max(other_from.duration_since(to));
            (gap.max(SignedDuration::ZERO), Reverse(other_to))
        };
        for other in near.filter(|other| other.span().0 <= latest).filter(is_free) {
            let best = nearest.entry(other.vantage).or_insert(other);
            if key(other) < key(best) {
                *best = other;
            }
        }
        let mut nearest: Vec<&Event> = nearest.into_values().collect();
        nearest.sort_by_key(|event| place(event));
        nearest
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Side;
    use super::*;

    const PAUSE: SignedDuration = SignedDuration::from_secs(300);

    fn at(clock: &str) -> Timestamp {
        format!("2017-10-01T{clock}Z").parse().unwrap()
    }

    fn event(plane: Plane, vantage: Name, kind: Kind, times: [&str; 2]) -> Event {
        let side = |clock: &str| Side {
            run: clock.into(),
            at: at(clock),
            verdict: Verdict::Mixed,
            share: None,
            counts: Vec::new(),
        };
        Event {
            kind,
            vantage,
            method: vantage,
            plane,
            scope: "175.45.178.0/24".parse().unwrap(),
            subject: Some(Name::OTHER),
            before: side(times[0]),
            after: side(times[1]),
            first: None,
            found: at(times[1]),
            incident: 0,
        }
    }

    /// What traces find between these times.
    fn traced(kind: Kind, times: [&str; 2]) -> Event {
        event(Plane::Data, Name::OTHER, kind, times)
    }

    /// What a message shows.
    fn announced(kind: Kind, first: &str) -> Event {
        let at_first = event(Plane::Control, Name::UNKNOWN, kind, ["00:00:00", first]);
        Event { first: Some(at(first)), ..at_first }
    }

    fn numbers(mut events: Vec<Event>) -> Vec<u32> {
        number_incidents(&mut events, true, |_| PAUSE);
        events.iter().map(|event| event.incident).collect()
    }

    #[test]
    fn what_both_planes_show_has_one_number() {
        use Kind::{CarrierAppeared, CarrierVanished};
        let run = ["09:05:00", "09:10:04"];
        for (first, is_one) in [
            ("08:59:59", false),
            ("09:00:00", true),
            ("09:07:51", true),
            ("09:15:04", true),
            ("09:15:05", false),
        ] {
            let found =
                numbers(vec![announced(CarrierAppeared, first), traced(CarrierAppeared, run)]);
            assert_eq!(found[0] == found[1], is_one, "{first}: {found:?}");
        }
        let other =
            numbers(vec![announced(CarrierVanished, "09:07:51"), traced(CarrierAppeared, run)]);
        assert_ne!(other[0], other[1]);
    }

    /// Between two runs it came, went and came: the traces show the last.
    #[test]
    fn traces_show_the_last_of_several_changes() {
        use Kind::{CarrierAppeared, CarrierVanished};
        let events = vec![
            announced(CarrierAppeared, "09:07:51"),
            announced(CarrierVanished, "10:14:45"),
            announced(CarrierAppeared, "12:21:55"),
            traced(CarrierAppeared, ["06:00:00", "12:30:00"]),
        ];
        assert_eq!(numbers(events), [1, 2, 3, 3]);
    }

    /// A table shows that it is so, and not since when.
    #[test]
    fn a_change_between_two_tables_is_anywhere_between_them() {
        let kind = Kind::CarrierAppeared;
        let tables = event(Plane::Control, Name::UNKNOWN, kind, ["08:00:00", "16:00:00"]);
        assert_eq!(numbers(vec![tables, traced(kind, ["09:05:00", "09:10:04"])]), [1, 1]);
    }

    /// Two prefixes changed between the same tables, and traces show each at its own time.
    #[test]
    fn traces_say_when_each_of_several_changes_between_two_tables_was() {
        let kind = Kind::CarrierVanished;
        let of = |scope: &str, event: Event| Event { scope: scope.parse().unwrap(), ..event };
        let tables = || event(Plane::Control, Name::UNKNOWN, kind, ["08:00:00", "16:00:00"]);
        let events = vec![
            of("175.45.176.0/24", tables()),
            of("175.45.179.0/24", tables()),
            of("175.45.178.0/24", tables()),
            of("175.45.176.0/24", traced(kind, ["09:05:00", "09:10:04"])),
            of("175.45.179.0/24", traced(kind, ["13:05:00", "13:10:04"])),
        ];
        let [first, second, third, traced_first, traced_second] = numbers(events)[..] else {
            panic!("five numbers");
        };
        assert_eq!((first, second), (traced_first, traced_second));
        assert!(first != second && third != first && third != second);
    }

    #[test]
    fn one_change_is_not_two_of_a_vantage() {
        let kind = Kind::OutageBegan;
        let events = vec![
            announced(kind, "09:07:51"),
            traced(kind, ["09:05:00", "09:10:04"]),
            traced(kind, ["09:10:00", "09:15:04"]),
        ];
        assert_eq!(numbers(events), [1, 1, 2]);
    }

    #[test]
    fn two_collectors_show_one_change() {
        let kind = Kind::CarrierAppeared;
        let second = |first| Event { vantage: Name::ALIVE, ..announced(kind, first) };
        assert_eq!(numbers(vec![announced(kind, "09:07:51"), second("09:08:20")]), [1, 1]);
        assert_eq!(numbers(vec![announced(kind, "09:07:51"), second("09:09:20")]), [1, 2]);
    }
}
