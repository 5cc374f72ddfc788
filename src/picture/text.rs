//! Times and numbers as people read them.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::history::{Interval, Name, Names};

/// A moment to the second.
pub(super) fn time(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Two moments, the day once if it is the same.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    let (from, to) = (Offset::UTC.to_datetime(from), Offset::UTC.to_datetime(to));
    let end = if from.date() == to.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    format!("{} to {}", from.strftime("%Y-%m-%d %H:%M:%S"), to.strftime(end))
}

/// A share from 0 to 1.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = usize::from(percent < 9.95 && (percent - percent.round()).abs() > 0.049);
    format!("{percent:.decimals$}\u{a0}%")
}

/// A share with its interval.
pub(super) fn interval(interval: Interval) -> String {
    let Interval { share, low, high } = interval;
    format!("{} ({:.0}-{:.0})", percent(share.into()), low * 100.0, high * 100.0)
}

/// A time that a packet took, from milliseconds.
pub(super) fn milliseconds(ms: f64) -> String {
    let decimals = usize::from(ms < 9.95 && ms > 0.0);
    format!("{ms:.decimals$}")
}

/// One run, two runs.
pub(super) fn runs(count: u64) -> String {
    if count == 1 { "1 run".into() } else { format!("{count} runs") }
}

/// Counts by name, as evidence.
pub(super) fn counts(counts: &[(Name, u32)], names: &Names) -> String {
    let text = |(name, count): &(Name, u32)| format!("{} {count}", names.text(*name));
    counts.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// A text of at most so many signs.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}\u{2026}", kept.trim_end())
}
