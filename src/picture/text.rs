//! Times and numbers as people read them.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::history::Interval;

/// A moment to the second.
pub(super) fn time(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
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

/// A text of at most so many signs.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}\u{2026}", kept.trim_end())
}
