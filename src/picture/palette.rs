//! Which ink and which letter each class and carrier has, the same in all parts of a picture.

use std::collections::HashMap;

use crate::history::{History, Name};

use super::belongs;
use super::ink::{self, Ink};
use super::slices::Part;

/// The parts that occur, in the order in which they are stacked and listed.
pub(super) struct Palette<'h> {
    entries: Vec<Entry<'h>>,
    places: HashMap<Part, usize>,
}

/// A part with its signs.
#[derive(Debug, Clone)]
pub(super) struct Entry<'h> {
    pub(super) part: Part,
    pub(super) text: &'h str,
    /// The class of a carrier.
    pub(super) class: Option<Name>,
    pub(super) ink: Ink,
    pub(super) letter: char,
}

impl<'h> Palette<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let classes = classes(history);
        let carriers = carriers(history, &classes);
        let mut letters = Letters::default();
        let entry = |(part, class, ink)| {
            let text = text(part, history);
            Entry { part, text, class, ink, letter: letters.of(part, text) }
        };
        let rest = [
            (Part::Unnamed, None, ink::UNNAMED),
            (Part::Unknown, None, ink::UNKNOWN),
            (Part::Unreached, None, ink::UNREACHED),
        ];
        let classes = classes.iter().enumerate().map(|(place, class)| {
            let place = (*class != Name::OTHER).then_some(place);
            (Part::Class(*class), None, ink::of(place, 0))
        });
        let entries: Vec<Entry> = classes.chain(carriers).chain(rest).map(entry).collect();
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.part, place));
        Self { places: places.collect(), entries }
    }

    pub(super) fn entries(&self) -> &[Entry<'h>] {
        &self.entries
    }

    /// The place of a part among all.
    pub(super) fn place(&self, part: Part) -> usize {
        self.places.get(&part).copied().unwrap_or(self.entries.len())
    }

    pub(super) fn entry(&self, part: Part) -> Option<&Entry<'h>> {
        self.entries.get(self.place(part))
    }
}

/// The classes that occur, `other` behind the configured ones.
fn classes(history: &History) -> Vec<Name> {
    let mut classes = Vec::new();
    let buckets = history.series.iter().flat_map(|series| series.timeline.buckets());
    for class in buckets.flat_map(|bucket| &bucket.classes) {
        if !classes.contains(&class.class) {
            classes.push(class.class);
        }
    }
    classes.sort_by_key(|class| *class == Name::OTHER);
    classes
}

/// The carriers with their inks: by class, those with most traces first.
fn carriers(history: &History, classes: &[Name]) -> Vec<(Part, Option<Name>, Ink)> {
    let belongs = belongs::classes(history);
    let mut all: Vec<(Name, u64)> = Vec::new();
    let buckets = history.series.iter().flat_map(|series| series.timeline.buckets());
    let mut places = HashMap::new();
    for (carrier, count) in buckets.flat_map(|bucket| &bucket.carriers) {
        let place = *places.entry(*carrier).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, sum)) => *sum += count,
            None => all.push((*carrier, *count)),
        }
    }
    let place = |class: Option<Name>| {
        let found = class.and_then(|class| classes.iter().position(|other| *other == class));
        found.unwrap_or(classes.len())
    };
    let class = |carrier: Name| belongs.get(&carrier).copied();
    all.sort_by_key(|(carrier, count)| {
        let text = history.names.text(*carrier);
        (place(class(*carrier)), std::cmp::Reverse(*count), text)
    });
    let mut used: HashMap<Option<Name>, usize> = HashMap::new();
    let inked = |(carrier, _): (Name, u64)| {
        let class = class(carrier);
        let used = used.entry(class).or_default();
        *used += 1;
        // A carrier without a class has the inks behind those of the classes.
        let inks = (class != Some(Name::OTHER)).then(|| place(class));
        (Part::Carrier(carrier), class, ink::of(inks, *used - 1))
    };
    all.into_iter().map(inked).collect()
}

fn text(part: Part, history: &History) -> &str {
    match part {
        Part::Class(name) | Part::Carrier(name) => history.names.text(name),
        Part::Unnamed => "carrier not named",
        Part::Unknown => "border unknown",
        Part::Unreached => "no way in",
    }
}

/// The letters that carriers have, a different one each as long as there are any.
#[derive(Default)]
struct Letters {
    taken: Vec<char>,
}

impl Letters {
    fn of(&mut self, part: Part, text: &str) -> char {
        match part {
            Part::Class(_) => ' ',
            Part::Carrier(_) => self.free(text),
            Part::Unnamed => '+',
            Part::Unknown => '?',
            Part::Unreached => '!',
        }
    }

    /// The first letter of a word, or another one of the name, or any.
    fn free(&mut self, text: &str) -> char {
        let words = text.split_whitespace().filter_map(|word| word.chars().next());
        let letters =
            words.chain(text.chars()).chain('A'..='Z').map(|sign| sign.to_ascii_uppercase());
        let mut free =
            letters.filter(|sign| sign.is_ascii_uppercase() && !self.taken.contains(sign));
        let letter = free.next().unwrap_or('*');
        self.taken.push(letter);
        letter
    }
}
