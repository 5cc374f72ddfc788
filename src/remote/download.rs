//! A file that is fetched as it is, such as a table of origin AS.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::backoff::Clock;
use super::client::{Client, Service};
use super::error::RemoteError;

/// The most bytes of a file.
const MOST: u64 = 128 << 20;

/// A file, and when it was last changed, where that is said.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// When it was last changed.
    pub changed: Option<Timestamp>,
}

/// Fetches the file at `url`, within `budget`. `seed` is for the jitter of back-off.
///
/// # Errors
/// When `url` names no file, or it does not come.
pub fn download(
    url: &str,
    clock: Arc<dyn Clock>,
    seed: u64,
    budget: Duration,
) -> Result<Fetched, RemoteError> {
    static DATES: DateTimeParser = DateTimeParser::new();
    let (folder, file) =
        url.rsplit_once('/').filter(|(_, file)| !file.is_empty()).ok_or_else(|| {
            RemoteError::Usage(format!(
                "{}: expected the address of a file",
                super::error::shown(url)
            ))
        })?;
    let service = Service { name: "the server", url: "", folder: "/", scheme: "" };
    let until = clock.now() + budget;
    let mut client = Client::new(service, Some(folder), None, clock, seed, Duration::from_secs(5))?;
    let path = client.path(file);
    let what = super::error::shown(url);
    let (bytes, changed) = client.bytes(&what, &path, until, MOST)?;
    let changed = changed.and_then(|date| DATES.parse_timestamp(date.trim()).ok());
    Ok(Fetched { bytes, changed })
}
