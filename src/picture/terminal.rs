//! The picture in letters: for each prefix a line in which a letter is what most traces of its time did, the
//! RTT to its border under that, and for each block its classes' shares. Colours only repeat what the
//! letters say.

use std::fmt::Write as _;

use crate::history::{History, Series};

use super::chart::used;
use super::drawing::covered;
use super::ink::Ink;
use super::palette::Palette;
use super::period::Period;
use super::sampled::{self, Cell};
use super::scale::Scale;
use super::section::Section;
use super::slices::{self, Part};
use super::ticks::ticks;
use super::words;

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
    let mut text = format!("{}\n", covered(period));
    for section in Section::all(history) {
        let title = format!("{} ({})", section.title(), words::runs(section.runs()));
        let _ = writeln!(text, "\n{}\n", words::short(&title, lines.cells + LEFT));
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
            text += &self.shares(block);
        }
        text += &self.marks(section);
        text += &self.axis();
        text += &self.legend(section);
        text
    }

    /// The letter of what most traces did.
    fn strip(&self, series: &Series) -> String {
        let slices = slices::carriers(&series.timeline);
        let cells = sampled::parts(&slices, self.period, self.cells);
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
        let cells = sampled::parts(&slices, self.period, self.cells);
        let mut text = format!("{}: shares of the classified traces\n", block.scope);
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
                let label = format!("  {}", words::short(entry.text, LEFT - 3));
                text += &line(&label, &self.coloured(bars, false));
            }
        }
        text
    }

    fn rtt(&self, series: &Series, scale: Scale) -> String {
        let means = sampled::rtt(&series.timeline, self.period, self.cells);
        let height = |ms: f64| bar((ms - scale.low) / (scale.high - scale.low));
        let bars = means.iter().map(|mean| mean.map_or(' ', height));
        let (low, high) = (words::milliseconds(scale.low), words::milliseconds(scale.high));
        line(&format!("  RTT {low}-{high} ms"), &bars.collect::<String>())
    }

    /// Where something changed.
    fn marks(&self, section: &Section<'_>) -> String {
        if section.moments.is_empty() {
            return String::new();
        }
        let mut marks = vec![' '; self.cells];
        for moment in &section.moments {
            let middle = f64::midpoint(self.period.part(moment.from), self.period.part(moment.to));
            if let Some(mark) = marks.get_mut(sampled::place(middle, self.cells)) {
                *mark = '^';
            }
        }
        line("  changes", &marks.into_iter().collect::<String>())
    }

    /// Ticks with their labels, and a line for what these leave out.
    fn axis(&self) -> String {
        let (mut labels, mut contexts) = (vec![' '; self.cells], vec![' '; self.cells]);
        for tick in ticks(self.period, self.cells / 9) {
            let place = sampled::place(self.period.part(tick.at), self.cells);
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
        let mut items: Vec<String> = letters
            .map(|entry| format!("{} {}", entry.letter, words::short(entry.text, 40)))
            .collect();
        items.push("small letter: most, but not nearly all".into());
        items.push("blank: no run".into());
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

/// What is told of a cell even if most traces did something else.
const NEWS: f64 = 0.25;

/// Of which a capital letter tells.
const NEARLY_ALL: f64 = 0.9;

fn line(label: &str, signs: &str) -> String {
    format!("{}\n", format!("{label:LEFT$}{signs}").trim_end())
}

fn bar(part: f64) -> char {
    // Rounded, so that only nearly all is all.
    let place = sampled::place(part - 1.0 / 16.0, BARS.len());
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
