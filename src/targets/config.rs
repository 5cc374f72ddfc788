//! targets.toml: the file as it is written, and the rules that it must keep. An error names the line.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;
use serde::Deserialize;
use toml::Spanned;

use crate::columns::is_reserved;
use crate::input::read_text;
use crate::plain_text::is_hidden;

use super::block::Block;
use super::carriers::{Carrier, Carriers, Special, Specials};
use super::classes::{ClassId, Classes, Country};
use super::upstreams::Upstreams;

/// Words that outputs use beside the names of classes, as verdicts and for hosts.
const WORDS: [&str; 2] = ["mixed", "silent"];

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    block: BlockEntry,
    #[serde(default)]
    class: Vec<ClassEntry>,
    #[serde(default)]
    carrier: Vec<CarrierEntry>,
    #[serde(default)]
    special: Vec<RangeEntry>,
    #[serde(default)]
    ixp: Vec<RangeEntry>,
    #[serde(default)]
    border: Vec<BorderEntry>,
    #[serde(default)]
    host: Vec<HostEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockEntry {
    prefix: Spanned<String>,
    routed_length: Spanned<i64>,
    #[serde(default = "usual_gap")]
    usual_gap: u8,
    #[serde(default)]
    holder: String,
    asn: u32,
}

fn usual_gap() -> u8 {
    3
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassEntry {
    name: Spanned<String>,
    #[serde(default)]
    countries: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarrierEntry {
    name: Spanned<String>,
    class: Spanned<String>,
    #[serde(default)]
    asns: Vec<Spanned<u32>>,
    #[serde(default)]
    prefixes: Vec<Spanned<String>>,
    #[serde(default)]
    router_names: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BorderEntry {
    address: Spanned<Ipv4Addr>,
    carrier: Spanned<String>,
    seen: String,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostEntry {
    address: Spanned<Ipv4Addr>,
    seen: String,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeEntry {
    name: Spanned<String>,
    prefixes: Vec<Spanned<String>>,
}

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetsError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file breaks a rule.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is expected.
        message: String,
    },
}

/// The configuration that is used where the user has none.
pub const BUILT_IN: &str = include_str!("../../targets.toml");

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The destination addresses.
    pub block: Block,
    /// The classes of transit.
    pub classes: Classes,
    /// The transit operators.
    pub carriers: Carriers,
    /// The addresses that show no holder.
    pub specials: Specials,
    /// The routers behind which home was seen, by address.
    pub borders: BTreeMap<Ipv4Addr, KnownBorder>,
    /// The hosts of the block that have answered, by address.
    pub hosts: BTreeMap<Ipv4Addr, KnownHost>,
    /// Who stood next to the block in BGP. The file has none of it: it is evidence of a run.
    pub upstreams: Upstreams,
}

/// A host that has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHost {
    /// When it did: a date, or the beginning of one.
    pub seen: String,
    /// Who saw it.
    pub source: String,
}

/// A router behind which home was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBorder {
    /// The name of its carrier.
    pub carrier: String,
    /// When it was seen.
    pub seen: String,
    /// Who saw it.
    pub source: String,
}

impl Targets {
    /// Checks a configuration; `name` stands for it in messages.
    ///
    /// # Errors
    /// The line, what is wrong there and what is expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, TargetsError> {
        parse(name, text)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When the file cannot be read, or as [`Targets::parse`].
    pub fn read(path: &Path) -> Result<Self, TargetsError> {
        let text = read_text(path)
            .map_err(|source| TargetsError::Unreadable { path: path.into(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// The configuration that is built into the program.
    ///
    /// # Errors
    /// Never in a released program: a test reads it.
    pub fn built_in() -> Result<Self, TargetsError> {
        Self::parse("built-in targets.toml", BUILT_IN)
    }
}

/// This network, loopback, multicast, and what is reserved, with the broadcast address.
const NEVER_UNICAST: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

type Checked<T = ()> = Result<T, TargetsError>;

/// Reads and checks `text`; `name` stands for the file in messages.
fn parse(name: &str, text: &str) -> Checked<Targets> {
    let mut config = Config {
        name,
        text,
        classes: Classes::default(),
        carriers: Carriers::default(),
        specials: Specials::default(),
        taken: PrefixMap::new(),
    };
    let file: ConfigFile = toml::from_str(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        config.error(&at, error.message().trim().replace('\n', ", "))
    })?;
    let block = config.block(&file.block)?;
    config.taken.insert(block.prefix, "the block".into());
    config.add_classes(&file.class)?;
    config.add_carriers(&file.carrier)?;
    config.add_specials(&file.special, Special::Range)?;
    config.add_specials(&file.ixp, Special::Exchange)?;
    let borders = config.borders(&file.border, &block)?;
    let hosts = config.hosts(&file.host, &block)?;
    let Config { classes, carriers, specials, .. } = config;
    Ok(Targets {
        block,
        classes,
        carriers,
        specials,
        borders,
        hosts,
        upstreams: Upstreams::default(),
    })
}

/// What has been checked so far.
struct Config<'a> {
    name: &'a str,
    text: &'a str,
    classes: Classes,
    carriers: Carriers,
    specials: Specials,
    /// Every prefix in the file, with the name of its holder.
    taken: PrefixMap<Ipv4Net, String>,
}

impl Config<'_> {
    fn error(&self, at: &Range<usize>, message: String) -> TargetsError {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        TargetsError::Invalid { file: self.name.into(), line, message }
    }

    fn error_at<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> TargetsError {
        self.error(&value.span(), message.into())
    }

    fn prefix(&self, entry: &Spanned<String>) -> Checked<Ipv4Net> {
        let text = entry.get_ref();
        let expected = "expected an IPv4 prefix such as 175.45.176.0/22";
        let prefix: Ipv4Net =
            text.parse().map_err(|_| self.error_at(entry, format!("`{text}`: {expected}")))?;
        if prefix.prefix_len() == 0 {
            return Err(self.error_at(entry, format!("`{text}` is every address: {expected}")));
        }
        if prefix.addr() != prefix.network() {
            let expected = prefix.trunc();
            let message = format!("`{text}` has bits behind its length: expected {expected}");
            return Err(self.error_at(entry, message));
        }
        Ok(prefix)
    }

    fn block(&self, entry: &BlockEntry) -> Checked<Block> {
        let prefix = self.prefix(&entry.prefix)?;
        let (shortest, longest) = (prefix.prefix_len(), (prefix.prefix_len() + 16).min(32));
        let given = *entry.routed_length.get_ref();
        let Some(routed_length) =
            u8::try_from(given).ok().filter(|length| (shortest..=longest).contains(length))
        else {
            let message = format!("routed_length {given}: expected {shortest} to {longest}");
            return Err(self.error_at(&entry.routed_length, message));
        };
        if prefix.prefix_len() < 8 {
            return Err(self.error_at(&entry.prefix, format!("{prefix}: expected a /8 or smaller")));
        }
        let never = NEVER_UNICAST.map(|(address, length)| Ipv4Net::new_assert(address, length));
        if never.iter().any(|never| never.contains(&prefix) || prefix.contains(never)) {
            let message =
                format!("{prefix}: expected addresses of hosts (RFC 1122 section 3.2.1.3)");
            return Err(self.error_at(&entry.prefix, message));
        }
        Ok(Block {
            prefix,
            routed_length,
            usual_gap: entry.usual_gap,
            holder: entry.holder.clone(),
            asn: entry.asn,
        })
    }

    fn borders(
        &self,
        entries: &[BorderEntry],
        block: &Block,
    ) -> Checked<BTreeMap<Ipv4Addr, KnownBorder>> {
        let mut borders = BTreeMap::new();
        for BorderEntry { address: at, carrier, seen, source } in entries {
            let address = *at.get_ref();
            if block.contains(address) {
                let message =
                    format!("border {address} is in the block: expected a foreign address");
                return Err(self.error_at(at, message));
            }
            let name = carrier.get_ref();
            if !self.carriers.list().iter().any(|listed| listed.name == *name) {
                let message = format!("border {address}: no carrier is called `{name}`");
                return Err(self.error_at(carrier, message));
            }
            let border =
                KnownBorder { carrier: name.clone(), seen: seen.clone(), source: source.clone() };
            if borders.insert(address, border).is_some() {
                return Err(self.error_at(at, format!("border {address} is there twice")));
            }
        }
        Ok(borders)
    }

    fn hosts(
        &self,
        entries: &[HostEntry],
        block: &Block,
    ) -> Checked<BTreeMap<Ipv4Addr, KnownHost>> {
        let mut hosts = BTreeMap::new();
        for HostEntry { address: at, seen, source } in entries {
            let address = *at.get_ref();
            if !block.contains(address) {
                let message = format!("host {address}: expected an address in {}", block.prefix);
                return Err(self.error_at(at, message));
            }
            let host = KnownHost { seen: seen.clone(), source: source.clone() };
            if hosts.insert(address, host).is_some() {
                return Err(self.error_at(at, format!("host {address} is there twice")));
            }
        }
        Ok(hosts)
    }

    fn add_classes(&mut self, entries: &[ClassEntry]) -> Checked {
        for class in entries {
            let name = class.name.get_ref();
            self.check_class_name(name)
                .map_err(|why| self.error_at(&class.name, format!("class `{name}`{why}")))?;
            let mut countries = Vec::new();
            for code in &class.countries {
                let text = code.get_ref();
                let country: Country = text
                    .parse()
                    .map_err(|error| self.error_at(code, format!("`{text}`: {error}")))?;
                if let Some(other) = self.classes.of_country(country) {
                    let other = self.classes.name(other);
                    let message =
                        format!("{country} is in classes {other} and {name}: expected one");
                    return Err(self.error_at(code, message));
                }
                countries.push(country);
            }
            if self.classes.add(name.clone(), &countries).is_none() {
                let message = format!("expected {} classes at most", Classes::MOST);
                return Err(self.error_at(&class.name, message));
            }
        }
        Ok(())
    }

    fn check_class_name(&self, name: &str) -> Result<(), &'static str> {
        let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_word {
            return Err(": expected small letters, digits and _, a letter first");
        }
        if is_reserved(name) || WORDS.contains(&name) {
            return Err(": the summary has a column or word of that name: expected another");
        }
        if self.classes.named(name).is_some() {
            return Err(" stands twice: expected once");
        }
        Ok(())
    }

    fn add_carriers(&mut self, entries: &[CarrierEntry]) -> Checked {
        let mut class_of: HashMap<&str, &str> = HashMap::new();
        for carrier in entries {
            let (name, class) = (carrier.name.get_ref(), carrier.class.get_ref());
            if let Some(first) = class_of.insert(name, class) {
                let message = if first == class {
                    format!("carrier `{name}` stands twice: expected one entry")
                } else {
                    format!("carrier `{name}` is in classes {first} and {class}: expected one")
                };
                return Err(self.error_at(&carrier.name, message));
            }
            self.add_carrier(carrier)?;
        }
        Ok(())
    }

    fn add_carrier(&mut self, entry: &CarrierEntry) -> Checked {
        let name = entry.name.get_ref();
        if name.trim().is_empty() || name.contains(['=', ';']) || name.contains(is_hidden) {
            let message =
                format!("carrier `{}`: expected a name without = and ;", name.escape_debug());
            return Err(self.error_at(&entry.name, message));
        }
        let class = self.class(&entry.class)?;
        let index = self.carriers.add(Carrier { name: name.clone(), class });
        for prefix in &entry.prefixes {
            let prefix = self.take_prefix(prefix, name)?;
            self.carriers.add_prefix(prefix, index);
        }
        for asn in &entry.asns {
            let other = self.carriers.add_asn(*asn.get_ref(), index);
            self.only_once(asn, &format!("AS{}", asn.get_ref()), name, other)?;
        }
        for domain in &entry.router_names {
            let text = domain.get_ref();
            let is_label = |label: &str| {
                !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            };
            if !text.contains('.') || !text.split('.').all(is_label) {
                let message = format!(
                    "`{text}`: expected a domain such as transtelecom.net, without * or dots at its ends"
                );
                return Err(self.error_at(domain, message));
            }
            let other = self.carriers.add_domain(text.to_ascii_lowercase(), index);
            self.only_once(domain, &format!("`{text}`"), name, other)?;
        }
        Ok(())
    }

    fn class(&self, entry: &Spanned<String>) -> Checked<Option<ClassId>> {
        let name = entry.get_ref();
        if name == "other" {
            return Ok(None);
        }
        self.classes.named(name).map(Some).ok_or_else(|| {
            let known: Vec<&str> = self.classes.ids().map(|id| self.classes.name(id)).collect();
            let message = format!("class `{name}`: expected {} or other", known.join(", "));
            self.error_at(entry, message)
        })
    }

    /// `what` belongs to the carrier `name`, and to no `other` one.
    fn only_once<T>(
        &self,
        entry: &Spanned<T>,
        what: &str,
        name: &str,
        other: Option<usize>,
    ) -> Checked {
        let Some(other) = other.and_then(|index| self.carriers.list().get(index)) else {
            return Ok(());
        };
        let message = format!("{what} is given to {} and {name}: expected one carrier", other.name);
        Err(self.error_at(entry, message))
    }

    fn add_specials(&mut self, entries: &[RangeEntry], special: fn(String) -> Special) -> Checked {
        for entry in entries {
            let name = entry.name.get_ref();
            for prefix in &entry.prefixes {
                let prefix = self.take_prefix(prefix, name)?;
                self.specials.add(prefix, special(name.clone()));
            }
        }
        Ok(())
    }

    /// The prefix for `holder`, unless a part of it belongs to another one.
    fn take_prefix(&mut self, entry: &Spanned<String>, holder: &str) -> Checked<Ipv4Net> {
        let prefix = self.prefix(entry)?;
        let covering = self.taken.get_lpm(&prefix);
        if let Some((other, of)) = covering.or_else(|| self.taken.children(&prefix).next()) {
            let message = format!(
                "{prefix} of {holder} overlaps {other} of {of}: expected separate prefixes"
            );
            return Err(self.error_at(entry, message));
        }
        self.taken.insert(prefix, holder.to_owned());
        Ok(prefix)
    }
}
