//! How parts are told apart: by a colour, by a texture for those who see no colours, and by a letter where
//! there is nothing else. Each class and carrier has the same ones everywhere in a picture.

use std::collections::{HashMap, HashSet};

use crate::history::{Bucket, History, Name};

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
            (Part::Unnamed, None, UNNAMED),
            (Part::Unknown, None, UNKNOWN),
            (Part::Unreached, None, UNREACHED),
        ];
        let classes = classes.iter().enumerate().map(|(place, class)| {
            let place = (*class != Name::OTHER).then_some(place);
            (Part::Class(*class), None, ink_of(place, 0))
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
    let known = carrier_classes(history);
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
    let class = |carrier: Name| known.get(&carrier).copied();
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
        (Part::Carrier(carrier), class, ink_of(inks, *used - 1))
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

/// A colour, the lines on it, and their signs in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) colour: &'static str,
    /// The colour of the lines.
    pub(super) lines: &'static str,
    pub(super) texture: Texture,
    /// The number of the colour among the 256 of terminals.
    pub(super) terminal: u8,
}

impl Ink {
    /// What makes a terminal write on the colour.
    pub(super) fn behind(self) -> String {
        let letters = if self.lines == WHITE { 231 } else { 16 };
        format!("\u{1b}[48;5;{};38;5;{letters}m", self.terminal)
    }

    /// What makes a terminal write in the colour.
    pub(super) fn front(self) -> String {
        format!("\u{1b}[0;38;5;{}m", self.terminal)
    }
}

/// Lines on a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Texture {
    Plain,
    Rising,
    Falling,
    Upright,
    Level,
    Dots,
    Grid,
    Crosses,
}

impl Texture {
    /// Those that fill a carrier.
    const ALL: [Self; 7] = [
        Self::Plain,
        Self::Rising,
        Self::Falling,
        Self::Upright,
        Self::Level,
        Self::Dots,
        Self::Grid,
    ];

    /// The one that is so many after this one.
    fn after(self, steps: usize) -> Self {
        let place = Self::ALL.iter().position(|texture| *texture == self).unwrap_or(0);
        Self::ALL[(place + steps) % Self::ALL.len()]
    }

    /// A tile of 8 by 8.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Rising => "M-2 2l4-4M0 8l8-8M6 10l4-4",
            Self::Falling => "M-2 6l4 4M0 0l8 8M6-2l4 4",
            Self::Upright => "M2 0v8M6 0v8",
            Self::Level => "M0 2h8M0 6h8",
            Self::Dots => "M1 2h2M5 6h2",
            Self::Grid => "M0 4h8M4 0v8",
            Self::Crosses => "M0 0l8 8M8 0l-8 8",
        }
    }
}

const WHITE: &str = "#fff";
const BLACK: &str = "#000";

const fn ink(colour: &'static str, lines: &'static str, texture: Texture, terminal: u8) -> Ink {
    Ink { colour, lines, texture, terminal }
}

/// The colours of Okabe and Ito, which people tell apart who see few colours: for each class in its turn
/// those of its carriers. The first two differ in lightness too, for print.
const CLASSES: [[Ink; 3]; 4] = [
    [
        ink("#e69f00", BLACK, Texture::Plain, 214),
        ink("#d55e00", WHITE, Texture::Upright, 166),
        ink("#f5d9ab", BLACK, Texture::Grid, 223),
    ],
    [
        ink("#0072b2", WHITE, Texture::Rising, 25),
        ink("#56b4e9", BLACK, Texture::Falling, 74),
        ink("#a9d8f5", BLACK, Texture::Rising, 153),
    ],
    [
        ink("#a64d79", WHITE, Texture::Level, 132),
        ink("#cc79a7", BLACK, Texture::Level, 175),
        ink("#e3b7cf", BLACK, Texture::Grid, 218),
    ],
    [
        ink("#8a7a00", WHITE, Texture::Falling, 100),
        ink("#f0e442", BLACK, Texture::Falling, 227),
        ink("#f7f0a0", BLACK, Texture::Grid, 229),
    ],
];

/// The same for transit by somebody else.
const OTHER: [Ink; 3] = [
    ink("#009e73", WHITE, Texture::Dots, 36),
    ink("#66c4a8", BLACK, Texture::Dots, 79),
    ink("#b2e0d2", BLACK, Texture::Grid, 152),
];

pub(super) const UNNAMED: Ink = ink("#c8c8c8", BLACK, Texture::Dots, 250);
pub(super) const UNKNOWN: Ink = ink("#999", WHITE, Texture::Level, 245);
pub(super) const UNREACHED: Ink = ink("#222", WHITE, Texture::Crosses, 235);

/// The ink of the `carrier`th carrier of a class; a class has that of its first. No class is `other`.
fn ink_of(class: Option<usize>, carrier: usize) -> Ink {
    let inks = class.map_or(&OTHER, |class| &CLASSES[class % CLASSES.len()]);
    let ink = inks[carrier % inks.len()];
    // Where the colours are used up they come again with other lines.
    Ink { texture: ink.texture.after(carrier / inks.len()), ..ink }
}

/// The class of each carrier that has one for certain.
fn carrier_classes(history: &History) -> HashMap<Name, Name> {
    // Where peers have several paths there are more of carriers than of classes, and nothing follows.
    let is_whole = |bucket: &&Bucket| {
        let named: u64 = bucket.carriers.iter().map(|(_, count)| count).sum();
        named <= bucket.classified()
    };
    let buckets = history.series.iter().flat_map(|series| series.timeline.buckets());
    let buckets: Vec<&Bucket> = buckets.filter(is_whole).collect();
    let mut known = HashMap::new();
    // Who is known leaves less room for the others, so that more becomes known.
    loop {
        let before = known.len();
        for (carrier, left) in possible(&buckets, &known) {
            if let [class] = left[..] {
                known.entry(carrier).or_insert(class);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

/// The classes that each carrier may be of, as far as there is room for it.
fn possible(buckets: &[&Bucket], known: &HashMap<Name, Name>) -> HashMap<Name, Vec<Name>> {
    let all: HashSet<Name> =
        buckets.iter().flat_map(|bucket| &bucket.classes).map(|class| class.class).collect();
    let mut possible: HashMap<Name, Vec<Name>> = HashMap::new();
    for bucket in buckets {
        let open = bucket.carriers.iter().filter(|(carrier, _)| !known.contains_key(carrier));
        for (carrier, count) in open {
            let left = possible.entry(*carrier).or_insert_with(|| all.iter().copied().collect());
            left.retain(|class| room(bucket, *class, known) >= *count);
        }
    }
    possible
}

/// How many traces of a class are left when those of its known carriers are taken away.
fn room(bucket: &Bucket, class: Name, known: &HashMap<Name, Name>) -> u64 {
    let of_class = bucket.classes.iter().filter(|sum| sum.class == class).map(|sum| sum.count);
    let carriers = bucket.carriers.iter();
    let taken = carriers.filter(|(carrier, _)| known.get(carrier) == Some(&class));
    of_class.sum::<u64>().saturating_sub(taken.map(|(_, count)| count).sum())
}
