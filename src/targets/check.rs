//! From the file as written to [`Targets`]: every rule that a file can break, and where it did.

use std::collections::HashMap;
use std::ops::Range;

use ipnet::Ipv4Net;
use prefix_trie::PrefixMap;
use toml::Spanned;

use crate::columns::is_reserved;

use super::carriers::Carrier;
use super::special::Special;
use super::{Block, ClassId, Country, Targets, TargetsError, file};

/// Words that outputs use beside the names of classes, as verdicts and for hosts.
const WORDS: [&str; 2] = ["mixed", "silent"];

type Checked<T = ()> = Result<T, TargetsError>;

/// Reads and checks `text`; `name` is the file's name for messages.
pub(super) fn check(name: &str, text: &str) -> Checked<Targets> {
    let place = Place { name, text };
    let file: file::File = toml::from_str(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        place.error(&at, error.message().trim().replace('\n', ", "))
    })?;
    let mut check = Check {
        place,
        targets: Targets::empty(place.block(&file.block)?),
        taken: PrefixMap::new(),
    };
    check.taken.insert(check.targets.block.prefix, "the block".into());
    check.classes(&file.class)?;
    check.carriers(&file.carrier)?;
    for range in &file.special {
        check.range(range, Special::Range)?;
    }
    for range in &file.ixp {
        check.range(range, Special::Exchange)?;
    }
    Ok(check.targets)
}

/// The file's name and text, to say where something stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn error(&self, at: &Range<usize>, message: String) -> TargetsError {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        TargetsError::Invalid { file: self.name.into(), line, message }
    }

    fn refuse<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> TargetsError {
        self.error(&value.span(), message.into())
    }

    fn prefix(&self, written: &Spanned<String>) -> Checked<Ipv4Net> {
        let text = written.get_ref();
        let expected = "expected an IPv4 prefix such as 175.45.176.0/22";
        let prefix: Ipv4Net =
            text.parse().map_err(|_| self.refuse(written, format!("`{text}`: {expected}")))?;
        if prefix.prefix_len() == 0 {
            return Err(self.refuse(written, format!("`{text}` is every address: {expected}")));
        }
        if prefix.addr() == prefix.network() {
            return Ok(prefix);
        }
        let mend = prefix.trunc();
        Err(self.refuse(written, format!("`{text}` has bits behind its length: expected {mend}")))
    }

    fn block(&self, written: &file::Block) -> Checked<Block> {
        let prefix = self.prefix(&written.prefix)?;
        let (shortest, longest) = (prefix.prefix_len(), (prefix.prefix_len() + 16).min(32));
        let routed_length = u8::try_from(*written.routed_length.get_ref())
            .ok()
            .filter(|length| (shortest..=longest).contains(length))
            .ok_or_else(|| {
                let given = written.routed_length.get_ref();
                let expected = format!("expected {shortest} to {longest}");
                self.refuse(&written.routed_length, format!("routed_length {given}: {expected}"))
            })?;
        if prefix.prefix_len() < 8 {
            return Err(self.refuse(&written.prefix, format!("{prefix}: expected a /8 or smaller")));
        }
        Ok(Block {
            prefix,
            routed_length,
            usual_gap: written.usual_gap,
            holder: written.holder.clone(),
            asn: written.asn,
        })
    }
}

/// What has been checked so far.
struct Check<'a> {
    place: Place<'a>,
    targets: Targets,
    /// Every prefix in the file, with what it was given to.
    taken: PrefixMap<Ipv4Net, String>,
}

impl Check<'_> {
    fn classes(&mut self, written: &[file::Class]) -> Checked {
        for class in written {
            let name = self.class_name(&class.name)?;
            let countries = self.countries(&name, &class.countries)?;
            if self.targets.classes.add(name, &countries).is_none() {
                let most = super::Classes::MOST;
                return Err(self
                    .place
                    .refuse(&class.name, format!("expected {most} classes at most")));
            }
        }
        Ok(())
    }

    fn class_name(&self, written: &Spanned<String>) -> Checked<String> {
        let name = written.get_ref();
        let word = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !word {
            let expected = "expected small letters, digits and _, a letter first";
            return Err(self.place.refuse(written, format!("class `{name}`: {expected}")));
        }
        if is_reserved(name) || WORDS.contains(&name.as_str()) {
            let expected = "the summary has a column or word of that name: expected another";
            return Err(self.place.refuse(written, format!("class `{name}`: {expected}")));
        }
        if self.targets.classes.named(name).is_some() {
            return Err(self
                .place
                .refuse(written, format!("class `{name}` stands twice: expected once")));
        }
        Ok(name.clone())
    }

    fn countries(&self, class: &str, written: &[Spanned<String>]) -> Checked<Vec<Country>> {
        let country = |code: &Spanned<String>| {
            let text = code.get_ref();
            let country: Country = text
                .parse()
                .map_err(|error| self.place.refuse(code, format!("`{text}`: {error}")))?;
            match self.targets.classes.of_country(country) {
                None => Ok(country),
                Some(other) => {
                    let other = self.targets.classes.name(other);
                    let message =
                        format!("{country} is in classes {other} and {class}: expected one");
                    Err(self.place.refuse(code, message))
                }
            }
        };
        written.iter().map(country).collect()
    }

    fn carriers(&mut self, written: &[file::Carrier]) -> Checked {
        let mut class_of: HashMap<&str, &str> = HashMap::new();
        for carrier in written {
            let (name, class) = (carrier.name.get_ref(), carrier.class.get_ref());
            if let Some(first) = class_of.insert(name, class) {
                let message = if first == class {
                    format!("carrier `{name}` stands twice: expected one entry")
                } else {
                    format!("carrier `{name}` is in classes {first} and {class}: expected one")
                };
                return Err(self.place.refuse(&carrier.name, message));
            }
            self.carrier(carrier)?;
        }
        Ok(())
    }

    fn carrier(&mut self, written: &file::Carrier) -> Checked {
        let name = written.name.get_ref();
        if name.trim().is_empty() || name.contains(['=', ';']) || name.contains(char::is_control) {
            let message =
                format!("carrier `{}`: expected a name without = and ;", name.escape_debug());
            return Err(self.place.refuse(&written.name, message));
        }
        let class = self.class(&written.class)?;
        let place = self.targets.carriers.add(Carrier { name: name.clone(), class });
        for prefix in &written.prefixes {
            let range = self.free_prefix(prefix, name)?;
            self.targets.carriers.give_prefix(range, place);
        }
        for asn in &written.asns {
            let taken = self.targets.carriers.give_asn(*asn.get_ref(), place);
            self.only_once(asn, &format!("AS{}", asn.get_ref()), name, taken)?;
        }
        for suffix in &written.router_names {
            let taken = self.targets.carriers.give_suffix(self.domain(suffix)?, place);
            self.only_once(suffix, &format!("`{}`", suffix.get_ref()), name, taken)?;
        }
        Ok(())
    }

    fn class(&self, written: &Spanned<String>) -> Checked<Option<ClassId>> {
        let name = written.get_ref();
        if name == "other" {
            return Ok(None);
        }
        let classes = &self.targets.classes;
        classes.named(name).map(Some).ok_or_else(|| {
            let known: Vec<&str> = classes.ids().map(|id| classes.name(id)).collect();
            let expected = format!("expected {} or other", known.join(", "));
            self.place.refuse(written, format!("class `{name}`: {expected}"))
        })
    }

    fn domain(&self, written: &Spanned<String>) -> Checked<String> {
        let text = written.get_ref();
        let label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if text.contains('.') && text.split('.').all(label) {
            return Ok(text.to_ascii_lowercase());
        }
        let expected = "expected a domain such as transtelecom.net, without * or dots at its ends";
        Err(self.place.refuse(written, format!("`{text}`: {expected}")))
    }

    fn only_once<T>(
        &self,
        at: &Spanned<T>,
        what: &str,
        name: &str,
        taken: Option<usize>,
    ) -> Checked {
        let Some(other) = taken.and_then(|place| self.targets.carriers.list().get(place)) else {
            return Ok(());
        };
        let message = format!("{what} is given to {} and {name}: expected one carrier", other.name);
        Err(self.place.refuse(at, message))
    }

    fn range(&mut self, written: &file::Range, special: fn(String) -> Special) -> Checked {
        let name = written.name.get_ref();
        for prefix in &written.prefixes {
            let range = self.free_prefix(prefix, name)?;
            self.targets.specials.add(range, special(name.clone()));
        }
        Ok(())
    }

    /// Takes `written` for `owner`, unless a part of it is taken already.
    fn free_prefix(&mut self, written: &Spanned<String>, owner: &str) -> Checked<Ipv4Net> {
        let prefix = self.place.prefix(written)?;
        let covering = self.taken.get_lpm(&prefix).map(|(other, holder)| (other, holder.clone()));
        let overlap = covering.or_else(|| {
            self.taken.children(&prefix).next().map(|(other, holder)| (other, holder.clone()))
        });
        if let Some((other, holder)) = overlap {
            let message = format!(
                "{prefix} of {owner} overlaps {other} of {holder}: expected separate prefixes"
            );
            return Err(self.place.refuse(written, message));
        }
        self.taken.insert(prefix, owner.to_owned());
        Ok(prefix)
    }
}

impl Targets {
    fn empty(block: Block) -> Self {
        Self {
            block,
            classes: super::Classes::default(),
            carriers: super::Carriers::default(),
            specials: super::Specials::default(),
        }
    }
}
