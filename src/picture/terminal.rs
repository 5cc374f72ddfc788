//! The picture in letters: for each prefix a line in which a letter is what most traces of its time did, the
//! RTT to its border under that, and for each block its classes' shares. Colours only repeat what the
//! letters say.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::history::{Bucket, History, Series, Timeline};

use super::chart::used;
use super::geometry::Scale;
use super::palette::{Entry, Ink, Palette};
use super::section::Section;
use super::slices::{self, Part, Slice};
use super::text;
use super::time_axis::{Period, ticks};

/// What the picture is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// How many signs a line has.
    pub columns: usize,
    /// Whether it shows colours.
    pub colour: bool,
}

/// What stands left of the time: a prefix, or what a line shows.
const LEFT: usize = 20;

/// A time is drawn in at least so many signs.
const LEAST: usize = 20;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What all lines have in common.
struct Lines<'a, 'h> {
    palette: &'a Palette<'h>,
    period: Period,
    cells: usize,
    colour: bool,
}

pub(super) fn draw(history: &History, screen: Screen) -> String {
    let Some(period) = Period::of(history) else { return "There is no run.\n".into() };
    let palette = Palette::of(history);
    let cells = screen.columns.saturating_sub(LEFT + 1).max(LEAST);
    let lines = Lines { palette: &palette, period, cells, colour: screen.colour };
    let mut text = format!("{}\n", period.text());
    for section in Section::all(history) {
        let title = format!("{} ({})", section.title(), section.counted());
        let _ = writeln!(text, "\n{}\n", text::short(&title, lines.cells + LEFT));
        text += &lines.section(&section);
    }
    text
}

impl Lines<'_, '_> {
    fn section(&self, section: &Section<'_>) -> String {
        let mut text = String::new();
        let scale = section.rtt();
        for series in section.prefixes() {
            text += &line(&series.scope.to_string(), &self.strip(series));
            text += &scale.map_or(String::new(), |scale| self.rtt(series, scale));
        }
        for block in section.blocks() {
            let _ = writeln!(text, "{}: {}", block.scope, section.shares_of());
            text += &self.shares(block);
            if section.is_announced() {
                text += &self.peers(block);
            }
        }
        text += &self.marks(section);
        text += &self.axis();
        text += &self.legend(section);
        text
    }

    /// The letter of what most traces did.
    fn strip(&self, series: &Series) -> String {
        let slices = slices::carriers(&series.timeline);
        let cells = cells_of(&slices, self.period, self.cells);
        self.coloured(cells.iter().map(|cell| self.letter(cell)), true)
    }

    fn letter(&self, cell: &Cell) -> (char, Option<Ink>) {
        let lost = cell.share(Part::Unreached) >= NEWS;
        let most = if lost { Some((Part::Unreached, 1.0)) } else { cell.most() };
        let Some((part, size)) = most else { return (' ', None) };
        let Some(entry) = self.palette.entry(part) else { return (' ', None) };
        let letter =
            if size < NEARLY_ALL { entry.letter.to_ascii_lowercase() } else { entry.letter };
        (letter, Some(entry.ink))
    }

    /// A line of bars for each class that occurs.
    fn shares(&self, block: &Series) -> String {
        let slices = slices::shares(&block.timeline);
        let cells = cells_of(&slices, self.period, self.cells);
        let mut text = String::new();
        for entry in self.palette.entries() {
            if matches!(entry.part, Part::Class(_))
                && cells.iter().any(|c| c.share(entry.part) > 0.0)
            {
                let bars = cells.iter().map(|cell| {
                    let sign = match cell.most() {
                        None => ' ',
                        Some((Part::Class(_), _)) if cell.share(entry.part) == 0.0 => '·',
                        Some((Part::Class(_), _)) => bar(cell.share(entry.part)),
                        Some((other, _)) => self.palette.entry(other).map_or(' ', |it| it.letter),
                    };
                    (sign, Some(entry.ink))
                });
                let label = format!("  {}", text::short(entry.text, LEFT - 3));
                text += &line(&label, &self.coloured(bars, false));
            }
        }
        text
    }

    /// How many peers count.
    fn peers(&self, block: &Series) -> String {
        let counts = |bucket: &Bucket| Some(bucket.counted());
        let means = means(&block.timeline, self.period, self.cells, counts);
        let Some(scale) = Scale::from_zero(means.iter().copied().flatten()) else {
            return String::new();
        };
        let height = |count: f64| bar(count / scale.high);
        let bars = means.iter().map(|mean| mean.map_or(' ', height));
        let most = means.iter().copied().flatten().fold(0.0, f64::max);
        line(&format!("  {most:.0} peers"), &bars.collect::<String>())
    }

    fn rtt(&self, series: &Series, scale: Scale) -> String {
        let rtt = |bucket: &Bucket| Some(bucket.rtt?.mean());
        let means = means(&series.timeline, self.period, self.cells, rtt);
        let height = |ms: f64| bar((ms - scale.low) / (scale.high - scale.low));
        let bars = means.iter().map(|mean| mean.map_or(' ', height));
        let (low, high) = (text::milliseconds(scale.low), text::milliseconds(scale.high));
        line(&format!("  RTT {low}-{high} ms"), &bars.collect::<String>())
    }

    /// Where something changed.
    fn marks(&self, section: &Section<'_>) -> String {
        if section.marks.is_empty() {
            return String::new();
        }
        let mut marks = vec![' '; self.cells];
        for mark in &section.marks {
            let middle = f64::midpoint(self.period.part(mark.from), self.period.part(mark.to));
            if let Some(sign) = marks.get_mut(place_of(middle, self.cells)) {
                *sign = '^';
            }
        }
        line("  changes", &marks.into_iter().collect::<String>())
    }

    /// Ticks with their labels, and a line for what these leave out.
    fn axis(&self) -> String {
        let (mut labels, mut contexts) = (vec![' '; self.cells], vec![' '; self.cells]);
        for tick in ticks(self.period, self.cells / 9) {
            let place = place_of(self.period.part(tick.at), self.cells);
            put(&mut labels, place, &format!("|{}", tick.label));
            put(
                &mut contexts,
                place,
                &tick.context.map_or(String::new(), |text| format!("|{text}")),
            );
        }
        let text = |signs: Vec<char>| signs.into_iter().collect::<String>();
        line("  UTC", &text(labels)) + &line("", &text(contexts))
    }

    fn legend(&self, section: &Section<'_>) -> String {
        let used = used(section);
        let entries = self.palette.entries().iter().filter(|entry| used.contains(&entry.part));
        let letters = entries.filter(|entry| entry.letter != ' ');
        let meaning = |entry: &Entry<'_>| match entry.part {
            Part::Unreached => section.nowhere().to_owned(),
            _ => text::short(entry.text, 40),
        };
        let mut items: Vec<String> =
            letters.map(|entry| format!("{} {}", entry.letter, meaning(entry))).collect();
        items.push("small letter: most, but not nearly all".into());
        items.push(format!("blank: {}", section.blank()));
        let (mut text, mut width) = (String::new(), 0);
        for item in items {
            let more = item.chars().count() + 3;
            if width > 0 && width + more > self.cells + LEFT {
                text.push('\n');
                width = 0;
            }
            text += if width > 0 { "   " } else { "" };
            text += &item;
            width += more;
        }
        text + "\n"
    }

    /// Signs, in colours where there are some: on them for letters, in them for bars.
    fn coloured(&self, signs: impl Iterator<Item = (char, Option<Ink>)>, on: bool) -> String {
        let (mut text, mut last) = (String::new(), None);
        for (sign, ink) in signs {
            let ink = ink.filter(|_| self.colour);
            if ink != last {
                text += &ink
                    .map_or("\u{1b}[0m".into(), |ink| if on { ink.behind() } else { ink.front() });
                last = ink;
            }
            text.push(sign);
        }
        if last.is_some() {
            text += "\u{1b}[0m";
        }
        text
    }
}

/// What a cell shows even if most traces did something else.
const NEWS: f64 = 0.25;

/// Of which a capital letter tells.
const NEARLY_ALL: f64 = 0.9;

fn line(label: &str, signs: &str) -> String {
    format!("{}\n", format!("{label:LEFT$}{signs}").trim_end())
}

fn bar(part: f64) -> char {
    // Rounded, so that only nearly all is all.
    let place = place_of(part - 1.0 / 16.0, BARS.len());
    BARS.get(place).copied().unwrap_or(' ')
}

/// Writes text where nothing is and it fits.
fn put(signs: &mut [char], place: usize, text: &str) {
    let length = text.chars().count();
    let before = place.saturating_sub(1);
    let Some(room) = signs.get_mut(before..place + length) else { return };
    if room.iter().all(|sign| *sign == ' ') {
        let from = place - before;
        room.iter_mut().skip(from).zip(text.chars()).for_each(|(sign, new)| *sign = new);
    }
}

/// Time in as many cells as a line has signs: what the runs of a cell saw; nothing without a run.
#[derive(Debug, Clone, Default)]
struct Cell {
    parts: Vec<(Part, f64)>,
}

impl Cell {
    /// A part's share of the cell.
    fn share(&self, part: Part) -> f64 {
        let all: f64 = self.parts.iter().map(|(_, size)| size).sum();
        let size =
            self.parts.iter().find(|(other, _)| *other == part).map_or(0.0, |(_, size)| *size);
        if all > 0.0 { size / all } else { 0.0 }
    }

    /// The largest part, and its share.
    fn most(&self) -> Option<(Part, f64)> {
        let (part, _) = self.parts.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some((*part, self.share(*part)))
    }

    fn add(&mut self, part: Part, size: f64) {
        match self.parts.iter_mut().find(|(other, _)| *other == part) {
            Some((_, sum)) => *sum += size,
            None => self.parts.push((part, size)),
        }
    }
}

/// The place of a part of the whole among so many.
fn place_of(part: f64, places: usize) -> usize {
    let last = places.saturating_sub(1);
    // As many steps as fit below it; there are no more than signs in a line.
    let steps = (1..=last).take_while(|step| fraction(*step, places) <= part);
    steps.count()
}

fn fraction(step: usize, of: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    float(step) / float(of)
}

/// The parts of each cell.
fn cells_of(slices: &[Slice], period: Period, cells: usize) -> Vec<Cell> {
    let mut all = vec![Cell::default(); cells];
    for slice in slices {
        each(slice.from, slice.to, period, &mut all, |cell, weight| {
            slice.parts.iter().for_each(|(part, size)| cell.add(*part, size * weight));
        });
    }
    all
}

/// The mean value of each cell.
fn means(
    timeline: &Timeline,
    period: Period,
    cells: usize,
    value: impl Fn(&Bucket) -> Option<f64>,
) -> Vec<Option<f64>> {
    let mut all = vec![(0.0, 0.0); cells];
    for stretch in timeline.stretches() {
        let Some(value) = stretch.bucket.and_then(&value) else { continue };
        each(stretch.from, stretch.to, period, &mut all, |(sum, weights), weight| {
            *sum += value * weight;
            *weights += weight;
        });
    }
    all.into_iter().map(|(sum, weights)| (weights > 0.0).then(|| sum / weights)).collect()
}

/// The cells that a stretch of time touches, with the part of them that it fills.
fn each<C>(
    from: Timestamp,
    to: Timestamp,
    period: Period,
    cells: &mut [C],
    mut touch: impl FnMut(&mut C, f64),
) {
    let (from, to, count) = (period.part(from), period.part(to), cells.len());
    let first = place_of(from, count);
    for (cell, step) in cells.iter_mut().zip(0..count).skip(first) {
        let (begin, end) = (fraction(step, count), fraction(step + 1, count));
        if begin >= to && step > first {
            break;
        }
        // The run itself takes some time, however short.
        touch(cell, (to.min(end) - from.max(begin)).max(1e-9));
    }
}
