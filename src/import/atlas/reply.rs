//! The replies at one hop of a result, read straight into tries.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::import::values::{self, shown};
use crate::trace::{HopReply, HopTry, MplsLabel, ReplyKind};

/// The replies that a hop may have. Sixteen packets can be asked for, and each answered again, late.
pub(super) const MOST: u16 = 512;

/// A text without a copy, unless something in it is escaped.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Text<'_> {
    /// As much of it as belongs in a message.
    pub(super) fn shown(&self) -> String {
        shown(&self.0)
    }
}

/// An address as it stands in a result.
pub(super) fn address(text: &str) -> Option<Ipv4Addr> {
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => text.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped(),
    }
}

/// The replies at one hop.
#[derive(Debug, Default)]
pub(super) struct Replies {
    pub(super) tries: Vec<HopTry>,
    /// Why a probe could not be sent.
    pub(super) error: Option<String>,
    pub(super) unreadable: Option<Unreadable>,
}

/// Replies whose sender or meaning cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    count: u32,
    first: String,
}

impl Unreadable {
    pub(super) fn add(to: &mut Option<Self>, more: Option<Self>) {
        let Some(more) = more else { return };
        match to {
            Some(to) => to.count += more.count,
            None => *to = Some(more),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, first } = self;
        match count {
            1 => write!(f, "one reply is taken for silence: {first}"),
            _ => write!(f, "{count} replies are taken for silence, the first for this: {first}"),
        }
    }
}

/// A reply, as it was written.
#[derive(Default, Deserialize)]
pub(super) struct Reply<'a> {
    pub(super) from: Option<Sender>,
    pub(super) ttl: Option<u8>,
    pub(super) rtt: Option<Rtt>,
    pub(super) x: Option<IgnoredAny>,
    pub(super) late: Option<IgnoredAny>,
    pub(super) dup: Option<bool>,
    pub(super) err: Option<Refusal>,
    pub(super) flags: Option<IgnoredAny>,
    pub(super) icmpext: Option<Extensions>,
    #[serde(borrow)]
    pub(super) error: Option<Text<'a>>,
}

impl<'de> Deserialize<'de> for Replies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RepliesVisitor)
    }
}

struct RepliesVisitor;

impl<'de> Visitor<'de> for RepliesVisitor {
    type Value = Replies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("replies")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Replies, A::Error> {
        let mut replies = Replies::default();
        let mut count = 0;
        while let Some(reply) = elements.next_element::<Reply<'_>>()? {
            count += 1;
            if count > MOST {
                return Err(A::Error::custom("too many replies at one hop"));
            }
            replies.add(reply);
        }
        replies.end(count);
        Ok(replies)
    }
}

impl Replies {
    /// All replies have been added, `count` of them.
    pub(super) fn end(&mut self, count: u16) {
        // Where only answers to earlier probes came in, one was sent all the same.
        if self.tries.is_empty() && self.error.is_none() && count > 0 {
            self.push(None);
        }
    }

    pub(super) fn add(&mut self, reply: Reply<'_>) {
        if let Some(error) = reply.error {
            self.error = Some(error.shown());
            return;
        }
        let again = reply.dup == Some(true) && !self.tries.is_empty();
        if reply.late.is_some() || again {
            return;
        }
        if reply.x.is_some() {
            return self.push(None);
        }
        match reply.answer() {
            Ok(answer) => self.push(Some(answer)),
            Err(why) => {
                Unreadable::add(&mut self.unreadable, Some(Unreadable { count: 1, first: why }));
                self.push(None);
            }
        }
    }

    pub(super) fn push(&mut self, answer: Option<HopReply>) {
        let attempt = u16::try_from(self.tries.len()).unwrap_or(MOST);
        self.tries.push(HopTry { attempt, sent: None, answer });
    }
}

impl Reply<'_> {
    fn answer(self) -> Result<HopReply, String> {
        let from = match self.from {
            Some(Sender::Address(address)) => address,
            Some(Sender::Other(text)) => return Err(format!("no IPv4 address: {text}")),
            None => return Err("no address".to_owned()),
        };
        let kind = match (self.err, self.flags) {
            (Some(Refusal::Code(code)), _) => ReplyKind::Unreachable(code),
            (Some(Refusal::Other(text)), _) => return Err(format!("an unknown error: {text}")),
            // Only a host answers in TCP, not a router on the way.
            (None, Some(_)) => ReplyKind::EchoReply,
            (None, None) => ReplyKind::TimeExceeded,
        };
        Ok(HopReply {
            reply_ttl: self.ttl,
            labels: self.icmpext.map(|Extensions(labels)| labels).unwrap_or_default(),
            ..HopReply::new(from, kind, self.rtt.and_then(|Rtt(rtt)| rtt))
        })
    }
}

/// How long an answer took, unless that is impossible.
pub(super) struct Rtt(pub(super) Option<Duration>);

impl Rtt {
    pub(super) fn of_millis(millis: f64) -> Self {
        Self(Duration::try_from_secs_f64(millis / 1e3).ok().and_then(values::rtt))
    }

    pub(super) fn of_nanos(nanos: u64) -> Self {
        Self(values::rtt(Duration::from_nanos(nanos)))
    }
}

impl<'de> Deserialize<'de> for Rtt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::of_millis)
    }
}

/// Who answered.
pub(super) enum Sender {
    Address(Ipv4Addr),
    Other(String),
}

impl<'de> Deserialize<'de> for Sender {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SenderVisitor;
        impl Visitor<'_> for SenderVisitor {
            type Value = Sender;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Sender, E> {
                let address = address(text).map(Sender::Address);
                Ok(address.unwrap_or_else(|| Sender::Other(Text(text.into()).shown())))
            }
        }
        deserializer.deserialize_str(SenderVisitor)
    }
}

/// Why a packet goes no further: a letter, or the code of ICMP where there is no letter for it.
pub(super) enum Refusal {
    Code(u8),
    Other(String),
}

impl Refusal {
    pub(super) fn of(text: &str) -> Self {
        code(text).map_or_else(|| Self::Other(Text(text.into()).shown()), Self::Code)
    }
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RefusalVisitor;
        impl Visitor<'_> for RefusalVisitor {
            type Value = Refusal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an error")
            }

            fn visit_u64<E: Error>(self, code: u64) -> Result<Refusal, E> {
                let known = u8::try_from(code).map(Refusal::Code);
                Ok(known.unwrap_or_else(|_| Refusal::Other(code.to_string())))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Refusal, E> {
                Ok(Refusal::of(text))
            }
        }
        deserializer.deserialize_any(RefusalVisitor)
    }
}

fn code(text: &str) -> Option<u8> {
    Some(match text {
        "N" => 0,
        "H" => 1,
        "P" => 2,
        "p" => 3,
        "A" => 13,
        number => return number.parse().ok(),
    })
}

/// The labels in what a router adds to its answer.
#[derive(Deserialize)]
#[serde(from = "Objects")]
pub(super) struct Extensions(pub(super) Box<[MplsLabel]>);

/// What a router adds, as it was written.
#[derive(Deserialize)]
pub(super) struct Objects {
    #[serde(default)]
    pub(super) obj: Vec<Extension>,
}

#[derive(Deserialize)]
pub(super) struct Extension {
    #[serde(default)]
    pub(super) mpls: Vec<Quoted>,
}

#[derive(Deserialize)]
pub(super) struct Quoted {
    pub(super) label: u32,
    pub(super) ttl: u8,
}

impl From<Objects> for Extensions {
    fn from(objects: Objects) -> Self {
        let quoted = objects.obj.into_iter().flat_map(|extension| extension.mpls);
        Self(quoted.map(|quoted| MplsLabel { label: quoted.label, ttl: quoted.ttl }).collect())
    }
}
