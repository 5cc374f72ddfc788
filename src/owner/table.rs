//! A table from addresses to AS: a file that the user brings, recognised by what is in it.
//!
//! iptoasn.com's text or a `MaxMind` DB, plain or compressed with gzip. Both become the same
//! sorted ranges, so that everything that can be wrong with a file is said when it is opened, and
//! looking up is a pure function that cannot fail.

use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ranges::Ranges;
use super::{AddressRange, Holder, mmdb, text};

const GZIP: &[u8] = b"\x1f\x8b";

/// A file that is larger than this when it is unpacked is no such table.
const LARGEST: u64 = 1 << 30;

/// A table that has been read, with its age.
#[derive(Debug, Clone)]
pub struct AsTable {
    ranges: Ranges,
    name: String,
    /// `built` or `modified`, and when.
    date: Option<(&'static str, Date)>,
}

impl AsTable {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, breaks the rules of its format, or says nothing about
    /// any IPv4 address.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let unreadable = |source| TableError::Unreadable { path: path.into(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let bytes = unpacked(path, bytes)?;
        let table = if mmdb::is_mmdb(&bytes) {
            Self::from_mmdb(path, bytes)?
        } else {
            let modified = modified.and_then(|time| Timestamp::try_from(time).ok()).map(date);
            let ranges = text::read(&bytes).map_err(|fault| TableError::Line {
                path: path.into(),
                line: fault.line,
                message: fault.message,
            })?;
            let name = path.file_name().unwrap_or(path.as_os_str()).display().to_string();
            Self { ranges, name, date: modified.map(|date| ("modified", date)) }
        };
        if table.ranges.len() == 0 {
            return Err(TableError::Empty { path: path.into() });
        }
        Ok(table)
    }

    fn from_mmdb(path: &Path, bytes: Vec<u8>) -> Result<Self, TableError> {
        let damaged = |message| TableError::Damaged { path: path.into(), message };
        let database = mmdb::read(bytes).map_err(damaged)?;
        let built = i64::try_from(database.built)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(|built| ("built", date(built)));
        let name = database.kind.unwrap_or_else(|| "MaxMind DB".into());
        Ok(Self { ranges: database.ranges, name, date: built })
    }

    /// What the table says about the address: the range in which it is, and who holds that.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Option<(AddressRange, &Holder)> {
        self.ranges.of(address)
    }

    /// The day (UTC) on which a database was built, or a text file was last modified.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.date.map(|(_, date)| date)
    }

    /// How many ranges have a holder.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.ranges.len()
    }

    /// The table in a line, for people: `GeoLite2-ASN, built 2026-07-14, 396584 ranges`.
    #[must_use]
    pub fn describe(&self) -> String {
        let date = self.date.map(|(how, date)| format!(" {how} {date},")).unwrap_or_default();
        format!("{},{date} {} ranges", self.name, self.ranges.len())
    }
}

fn date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn unpacked(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, TableError> {
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let damaged = |message| TableError::Damaged { path: path.into(), message };
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .take(LARGEST + 1)
        .read_to_end(&mut plain)
        .map_err(|error| damaged(format!("gzip data cannot be unpacked ({error})")))?;
    if plain.len() as u64 > LARGEST {
        return Err(damaged("more than 1 GiB when unpacked".into()));
    }
    Ok(plain)
}

/// What can be wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not whole.
    #[error("{path}: {message}: the file is damaged, fetch it again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// A line breaks the rules of its format.
    #[error("{path}:{line}: {message}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        message: String,
    },
    /// The file says nothing about any IPv4 address.
    #[error(
        "{path}: no IPv4 range has an AS or a country: expected iptoasn.com's ip2asn-v4.tsv or a \
         MaxMind DB such as GeoLite2-ASN.mmdb, plain or as .gz",
        path = path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
