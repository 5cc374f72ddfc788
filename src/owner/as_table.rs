//! The AS table: a file of the user that maps prefixes to their origin AS.
//!
//! It is iptoasn.com's text or a `MaxMind` DB, plain or compressed with gzip, and is recognised by its content.
//! Both become the same sorted ranges, so that every error in a file is reported when it is opened, and a
//! lookup is a pure function that cannot fail.

use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::input::read_whole;
use crate::targets::Country;

use super::ranges::{AddressRange, AsEntry, RangeTable};
use super::{ip2asn, mmdb};

const GZIP: &[u8] = b"\x1f\x8b";

/// The most bytes of a file, also unpacked.
const LARGEST: u64 = 1 << 30;

/// A table that has been read, with its age.
#[derive(Debug, Clone)]
pub struct AsTable {
    ranges: RangeTable,
    name: String,
    /// `built` or `modified`, and when.
    date: Option<(&'static str, Date)>,
}

impl AsTable {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, has a malformed line, or has no IPv4 address.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let unreadable = |source| TableError::Unreadable { path: path.into(), source };
        let bytes = read_whole(path, LARGEST).map_err(unreadable)?;
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let bytes = unpacked(path, bytes)?;
        let table = if mmdb::is_mmdb(&bytes) {
            Self::from_mmdb(path, bytes)?
        } else {
            let modified = modified.and_then(|time| Timestamp::try_from(time).ok()).map(date);
            let ranges = ip2asn::read(&bytes).map_err(|wrong| TableError::Line {
                path: path.into(),
                line: wrong.line,
                message: wrong.message,
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

    /// The range that contains the address, and its entry.
    #[must_use]
    pub fn of(&self, address: Ipv4Addr) -> Option<(AddressRange, &AsEntry)> {
        self.ranges.of(address)
    }

    /// The country in which each AS is registered, as far as the table has it.
    pub fn countries(&self) -> impl Iterator<Item = (u32, Country)> + '_ {
        self.ranges.entries().iter().filter_map(|entry| Some((entry.asn?, entry.country?)))
    }

    /// The day (UTC) on which a database was built, or a text file was last modified.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.date.map(|(_, date)| date)
    }

    /// How many ranges have an entry.
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

/// What can be wrong with an AS table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged.
    #[error("{path}: {message}: the file is damaged, fetch it again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A line is malformed.
    #[error("{path}:{line}: {message}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        message: String,
    },
    /// The file has no IPv4 address with an AS or a country.
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
