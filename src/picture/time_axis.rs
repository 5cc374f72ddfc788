//! The axis of time: the period that a picture covers, and ticks on it from minutes to centuries, at
//! moments that people name. All times are UTC.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::history::History;

use super::geometry::Px;
use super::text;

/// A picture of less has no use for its width.
const LEAST: SignedDuration = SignedDuration::from_mins(10);

/// From the first run to the end of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Period {
    /// That of all series together; nothing without a run.
    pub(super) fn of(history: &History) -> Option<Self> {
        let all = || history.series.iter().flat_map(|series| series.timeline.stretches());
        let from = all().map(|stretch| stretch.from).min()?;
        let to = all().map(|stretch| stretch.to).max()?;
        let missing = LEAST.saturating_sub(to.duration_since(from)).max(SignedDuration::ZERO);
        let half = SignedDuration::from_secs(missing.as_secs() / 2);
        let from = from.saturating_sub(half).unwrap_or(from);
        Some(Self { from, to: to.saturating_add(half).unwrap_or(to) })
    }

    /// From when to when.
    pub(super) fn text(self) -> String {
        format!("{} to {} UTC", text::minute(self.from), text::minute(self.to))
    }

    fn length(self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// Which part of the period is over at a moment, from 0 to 1.
    pub(super) fn part(self, at: Timestamp) -> f64 {
        let part = at.duration_since(self.from).as_secs_f64() / self.length().as_secs_f64();
        part.clamp(0.0, 1.0)
    }

    /// Where a moment is on an axis of this width.
    pub(super) fn place(self, at: Timestamp, width: Px) -> Px {
        width.part(self.part(at))
    }
}

/// A moment with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) at: Timestamp,
    /// The hour, the day, the month or the year.
    pub(super) label: String,
    /// What the label leaves out, where that begins or changes.
    pub(super) context: Option<String>,
}

/// How far it is from one tick to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Minutes(i64),
    Months(i64),
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Weeks begin on Mondays.
const MONDAY: i64 = 4 * DAY;

const STEPS: [Step; 29] = [
    Step::Minutes(1),
    Step::Minutes(2),
    Step::Minutes(5),
    Step::Minutes(10),
    Step::Minutes(15),
    Step::Minutes(30),
    Step::Minutes(HOUR),
    Step::Minutes(2 * HOUR),
    Step::Minutes(3 * HOUR),
    Step::Minutes(6 * HOUR),
    Step::Minutes(12 * HOUR),
    Step::Minutes(DAY),
    Step::Minutes(2 * DAY),
    Step::Minutes(7 * DAY),
    Step::Minutes(14 * DAY),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(240),
    Step::Months(600),
    Step::Months(1_200),
    Step::Months(6_000),
    Step::Months(12_000),
    Step::Months(60_000),
];

/// As many ticks as there is room for; at most `most`.
pub(super) fn ticks(period: Period, most: usize) -> Vec<Tick> {
    let moments = moments(period, most);
    let step = step(period, most);
    let mut before = None;
    let tick = |at: &Timestamp| {
        let (label, context) = step.label(Offset::UTC.to_datetime(*at));
        let context = context.filter(|context| before.as_ref() != Some(context));
        if context.is_some() {
            before.clone_from(&context);
        }
        Tick { at: *at, label, context }
    };
    moments.iter().map(tick).collect()
}

/// The moments of those ticks.
pub(super) fn moments(period: Period, most: usize) -> Vec<Timestamp> {
    step(period, most).moments(period).take(most).collect()
}

fn step(period: Period, most: usize) -> Step {
    let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
    let fits = |step: &&Step| period.length().as_mins() / step.minutes() < most;
    STEPS.iter().find(fits).copied().unwrap_or(Step::Months(60_000))
}

impl Step {
    fn minutes(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes,
            Self::Months(months) => months * 30 * DAY,
        }
    }

    fn moments(self, period: Period) -> impl Iterator<Item = Timestamp> {
        let (mut at, mut over) = (self.first(period.from), false);
        std::iter::from_fn(move || {
            let now = at.filter(|now| *now <= period.to && !over)?;
            at = self.next(now);
            over = at.is_none_or(|next| next <= now);
            Some(now)
        })
    }

    /// The first moment that is not before `from`.
    fn first(self, from: Timestamp) -> Option<Timestamp> {
        // The step in which `from` is may begin before all time.
        let mut around = [0, 1].into_iter().filter_map(|more| self.moment(from, more));
        around.find(|at| *at >= from)
    }

    /// The beginning of the step in which `from` is, or of one that is so many later.
    fn moment(self, from: Timestamp, more: i64) -> Option<Timestamp> {
        match self {
            Self::Minutes(minutes) => {
                let begin = if minutes % (7 * DAY) == 0 { MONDAY * 60 } else { 0 };
                let step = minutes * 60;
                let place = (from.as_second() - begin).div_euclid(step) + more;
                Timestamp::from_second(place * step + begin).ok()
            }
            Self::Months(months) => {
                let date = Offset::UTC.to_datetime(from).date();
                let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
                let month = (month.div_euclid(months) + more) * months;
                let year = i16::try_from(month.div_euclid(12)).ok()?;
                let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
                timestamp(Date::new(year, month, 1).ok()?)
            }
        }
    }

    fn next(self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Minutes(minutes) => at.checked_add(SignedDuration::from_mins(minutes)).ok(),
            Self::Months(months) => {
                let date = Offset::UTC.to_datetime(at).date();
                timestamp(date.checked_add(months.months()).ok()?)
            }
        }
    }

    fn label(self, at: DateTime) -> (String, Option<String>) {
        let year = || Some(at.strftime("%Y").to_string());
        match self {
            Self::Minutes(minutes) if minutes < DAY => {
                (at.strftime("%H:%M").to_string(), Some(at.strftime("%Y-%m-%d").to_string()))
            }
            Self::Minutes(_) => (at.strftime("%b %-d").to_string(), year()),
            Self::Months(months) if months < 12 => (at.strftime("%b").to_string(), year()),
            Self::Months(_) => (at.strftime("%Y").to_string(), None),
        }
    }
}

fn timestamp(date: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, to: &str, most: usize) -> String {
        let period = Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
        let text = |tick: &Tick| match &tick.context {
            Some(context) => format!("{} [{context}]", tick.label),
            None => tick.label.clone(),
        };
        ticks(period, most).iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn minutes_hours_and_days() {
        let text = labels("2017-10-01T23:52:10Z", "2017-10-02T00:07:00Z", 4);
        assert_eq!(text, "23:55 [2017-10-01] 00:00 [2017-10-02] 00:05");
        let text = labels("2017-10-01T00:00:00Z", "2017-10-02T12:00:00Z", 8);
        assert_eq!(text, "00:00 [2017-10-01] 06:00 12:00 18:00 00:00 [2017-10-02] 06:00 12:00");
        let text = labels("2017-12-28T05:00:00Z", "2018-01-03T12:00:00Z", 8);
        assert_eq!(text, "Dec 29 [2017] Dec 30 Dec 31 Jan 1 [2018] Jan 2 Jan 3");
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let text = labels("2024-01-31T00:00:00Z", "2024-03-06T12:00:00Z", 8);
        assert_eq!(text, "Feb 5 [2024] Feb 12 Feb 19 Feb 26 Mar 4");
    }

    #[test]
    fn months_and_years() {
        let text = labels("2024-01-01T00:00:00Z", "2025-12-31T12:00:00Z", 9);
        assert_eq!(text, "Jan [2024] Apr Jul Oct Jan [2025] Apr Jul Oct");
        assert_eq!(
            labels("1990-06-01T00:00:00Z", "2026-12-31T12:00:00Z", 9),
            "1995 2000 2005 2010 2015 2020 2025"
        );
    }

    #[test]
    fn the_whole_of_time_has_ticks() {
        let period = Period { from: Timestamp::MIN, to: Timestamp::MAX };
        assert!((1..=9).contains(&ticks(period, 9).len()));
    }
}
