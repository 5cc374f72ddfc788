//! Parsers for numbers on the command line; their errors say what is expected.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Nobody waits longer, and sums of such times do not overflow.
const LONGEST: Duration = Duration::from_secs(1 << 32);

/// A number of seconds above 0, with decimals.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number of seconds above 0".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if duration.is_zero() { Err(wrong()) } else { Ok(duration.min(LONGEST)) }
}

/// A number from 1 to `most`.
pub(super) fn up_to<N>(most: N) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + From<u8> + PartialOrd + Copy + Display + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (N::from(1)..=most).contains(number));
        number.ok_or_else(|| format!("expected a number from 1 to {most}"))
    }
}

/// A time; without a zone it is UTC, and a day is its beginning.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let time = text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()));
    time.ok_or_else(|| "expected a time in UTC such as 2017-10-01T09:05:00Z or 2017-10-01".into())
}

/// A number from 1, however large.
pub(super) fn some(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a number from 1".into())
}

/// TCP ports, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) others: Vec<u16>,
}

impl Default for Ports {
    fn default() -> Self {
        Self { first: 80, others: vec![443] }
    }
}

/// TCP ports, commas between.
pub(super) fn ports(text: &str) -> Result<Ports, String> {
    let wrong = || "expected a TCP port, or two with a comma between, such as 80,443".to_owned();
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0).ok_or_else(wrong);
    match text.split(',').map(port).collect::<Result<Vec<u16>, _>>()?[..] {
        [first] => Ok(Ports { first, others: Vec::new() }),
        [first, second] if first != second => Ok(Ports { first, others: vec![second] }),
        _ => Err(wrong()),
    }
}

/// Packets a second.
pub(super) fn rate(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected packets a second, such as 200, or 0 for no limit".into())
}
