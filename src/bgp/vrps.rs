//! What the RPKI says of an announcement (RFC 6811): validated payloads, as validators write them.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;
use serde_json::Value;

use crate::input;

use super::ris_live::asn_of;

/// The largest list: today's take 60 MB as JSON.
const LARGEST: u64 = 1 << 30;

/// A list of validated payloads, of one moment.
#[derive(Debug, Clone, Default)]
pub struct Vrps {
    by_prefix: PrefixMap<Ipv4Net, Vec<Vrp>>,
    /// How many there are of IPv4.
    pub count: usize,
    /// When it was made, where the file says so.
    pub made: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Vrp {
    asn: u32,
    longest: u8,
}

/// What the RPKI says of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rpki {
    /// A payload covers the prefix, with this origin and length.
    Valid,
    /// Payloads cover the prefix, and none of them has this origin and length.
    Invalid,
    /// No payload covers the prefix.
    NotFound,
}

impl fmt::Display for Rpki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NotFound => "not-found",
        })
    }
}

/// Why a list of payloads cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VrpError {
    /// It cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A payload is malformed.
    #[error(
        "{path}:{line}: {message}: expected the CSV or JSON of Routinator or rpki-client",
        path = path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, or in JSON the number of the payload.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl Vrps {
    /// Reads a list.
    ///
    /// # Errors
    /// When it cannot be read, or a payload is malformed.
    pub fn open(path: &Path) -> Result<Self, VrpError> {
        let unreadable = |source| VrpError::Unreadable { path: path.into(), source };
        let opened = input::open(Some(path)).map_err(unreadable)?;
        let mut bytes = Vec::new();
        opened.input.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        let read = match bytes.trim_ascii_start() {
            [b'{' | b'[', ..] => Self::of_json(&bytes),
            _ => Self::of_csv(&bytes),
        };
        read.map_err(|(line, message)| VrpError::Malformed { path: path.into(), line, message })
    }

    fn of_json(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let document: Value =
            serde_json::from_slice(bytes).map_err(|error| (error.line(), error.to_string()))?;
        let roas = document.as_array().or_else(|| document["roas"].as_array());
        let roas = roas.ok_or_else(|| (1, "no list called roas".to_owned()))?;
        let mut vrps = Self::default();
        for (number, roa) in (1..).zip(roas) {
            let prefix = roa["prefix"].as_str().unwrap_or_default();
            let longest = roa["maxLength"].as_u64().and_then(|length| u8::try_from(length).ok());
            let asn = asn_of(&roa["asn"])
                .ok_or_else(|| (number, "a payload without an AS".to_owned()))?;
            vrps.add(prefix, asn, longest).map_err(|message| (number, message))?;
        }
        let metadata = &document["metadata"];
        let made = ["generatedTime", "buildtime"].iter().find_map(|key| metadata[key].as_str());
        vrps.made = made.map(str::to_owned);
        Ok(vrps)
    }

    fn of_csv(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader =
            reader.has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let mut vrps = Self::default();
        for (line, row) in (1..).zip(reader.records()) {
            let row = row.map_err(|error| (line, error.to_string()))?;
            let cell = |place: usize| row.get(place).unwrap_or_default();
            if line == 1 && cell(0).eq_ignore_ascii_case("asn") {
                continue;
            }
            let asn = cell(0).trim_start_matches(['A', 'S', 'a', 's']).parse();
            let asn = asn.map_err(|_| (line, format!("`{}` is no AS", cell(0))))?;
            vrps.add(cell(1), asn, cell(2).parse().ok()).map_err(|message| (line, message))?;
        }
        Ok(vrps)
    }

    fn add(&mut self, prefix: &str, asn: u32, longest: Option<u8>) -> Result<(), String> {
        if prefix.contains(':') {
            return Ok(());
        }
        let prefix: Ipv4Net = prefix.parse().map_err(|_| format!("`{prefix}` is no prefix"))?;
        let longest = longest.unwrap_or(prefix.prefix_len());
        self.by_prefix.entry(prefix.trunc()).or_default().push(Vrp { asn, longest });
        self.count += 1;
        Ok(())
    }

    /// What it says of a prefix with this origin; AS 0 never matches. A prefix without an origin that can be named is
    /// invalid where it is covered.
    #[must_use]
    pub fn judge(&self, prefix: Ipv4Net, origin: Option<u32>) -> Rpki {
        let covering = self.by_prefix.cover(&prefix).flat_map(|(_, vrps)| vrps);
        let mut state = Rpki::NotFound;
        for vrp in covering {
            if vrp.asn != 0 && Some(vrp.asn) == origin && prefix.prefix_len() <= vrp.longest {
                return Rpki::Valid;
            }
            state = Rpki::Invalid;
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vrps {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Vrps::open(file.path()).expect("read")
    }

    /// RFC 6811, with the ROA of 2025-03-18: maxLength 22, so that the /24 are invalid.
    #[test]
    fn every_layout_says_the_same() {
        for text in [
            "ASN,IP Prefix,Max Length,Trust Anchor\nAS131279,175.45.176.0/22,22,apnic\nAS0,10.0.0.0/8,32,x\n",
            "\"ASN\",\"IP Prefix\",\"Max Length\",\"Trust Anchor\"\n\"131279\",\"175.45.176.0/22\",\"22\",\"apnic\"\n0,10.0.0.0/8,32,x\n",
            "ASN,IP Prefix,Max Length,Trust Anchor,Expires\nAS131279,175.45.176.0/22,22,apnic,1742400000\nAS0,10.0.0.0/8,32,x,1\n",
            r#"{"metadata":{},"roas":[{"asn":"AS131279","prefix":"175.45.176.0/22","maxLength":22},{"asn":0,"prefix":"10.0.0.0/8","maxLength":32},{"asn":1,"prefix":"::/0"}]}"#,
            r#"[{"asn":"131279","prefix":"175.45.176.0/22"},{"asn":"AS0","prefix":"10.0.0.0/8","maxLength":32}]"#,
        ] {
            let vrps = read(text);
            for (prefix, origin, state) in [
                ("175.45.176.0/22", 131_279, Rpki::Valid),
                ("175.45.176.0/24", 131_279, Rpki::Invalid),
                ("175.45.176.0/22", 64_500, Rpki::Invalid),
                ("175.45.160.0/19", 131_279, Rpki::NotFound),
                ("10.1.0.0/16", 0, Rpki::Invalid),
                ("8.8.8.0/24", 15_169, Rpki::NotFound),
            ] {
                let prefix = prefix.parse().expect("a prefix");
                assert_eq!(
                    vrps.judge(prefix, Some(origin)),
                    state,
                    "{prefix} of AS{origin} by {text}"
                );
            }
        }
    }

    #[test]
    fn what_is_malformed_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "AS1,10.0.0.0/8,8,x\nASx,10.0.0.0/8,8,x\n").expect("written");
        let error = Vrps::open(file.path()).expect_err("malformed").to_string();
        assert!(error.contains(":2: `ASx` is no AS"), "{error}");
    }
}
