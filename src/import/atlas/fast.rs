//! Results as today's firmware writes them, read several times as fast as through `serde`.
//!
//! It knows no mistakes: whatever is unusual is read again the other way, which says what is wrong. What
//! it does read is what would be read there; a test holds one to the other.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::cursor::Cursor;
use super::fields::{Fields, Wants};
use super::hops::{self, Element, HopList, Hops};
use super::reply::{
    self, Extension, Extensions, Objects, Quoted, Refusal, Replies, Reply, Rtt, Sender, Text,
    address,
};
use crate::trace::{HopReply, MplsLabel, ReplyKind};

/// How many hops a result has, with the silent ones behind the last router.
const USUAL: usize = 24;
/// How many probes a hop has.
const USUAL_TRIES: usize = 3;

/// The result that is all of `text`, if it is plain enough.
pub(super) fn fields<'a>(text: &'a str, wants: &Wants<'_>) -> Option<Fields<'a>> {
    let mut cursor = Cursor::new(text);
    let mut read = Fields::default();
    cursor.fields(|cursor, key| match key {
        b"type" => once(&mut read.measurement, cursor.string().map(plain)),
        b"af" | b"pf" => once(&mut read.af, cursor.whole()),
        b"dst_addr" | b"addr" => once(&mut read.dst_addr, cursor.string().map(plain)),
        b"src_addr" => once(&mut read.src_addr, cursor.string().map(plain)),
        b"from" => once(&mut read.from, cursor.string().map(plain)),
        b"proto" => once(&mut read.proto, cursor.string().map(plain)),
        b"paris_id" => once(&mut read.paris_id, cursor.whole()),
        b"prb_id" => once(&mut read.prb_id, cursor.whole()),
        b"timestamp" => once(&mut read.timestamp, cursor.whole()),
        b"result" if wants.passes_over(&read) => {
            once(&mut read.result, pass_hops(cursor).map(|()| Hops::NotRead))
        }
        b"result" => once(&mut read.result, hop_list(cursor).map(Hops::List)),
        _ => cursor.pass(),
    })?;
    cursor.is_at_end().then_some(read)
}

/// Keeps a value, unless there is none or it is the second one.
fn once<T>(to: &mut Option<T>, value: Option<T>) -> Option<()> {
    let is_first = to.is_none();
    *to = Some(value?);
    is_first.then_some(())
}

fn plain(text: &str) -> Text<'_> {
    Text(Cow::Borrowed(text))
}

fn hop_list(cursor: &mut Cursor<'_>) -> Option<HopList> {
    let mut list = HopList { hops: Vec::with_capacity(USUAL), ..HopList::default() };
    let mut count = 0;
    cursor.elements(|cursor| {
        count += 1;
        let element = element(cursor)?;
        (count <= hops::MOST).then(|| list.add(element).ok())?
    })?;
    list.arrange();
    Some(list)
}

/// Passes hops that nobody asked for: they need only be JSON.
fn pass_hops(cursor: &mut Cursor<'_>) -> Option<()> {
    let pass_hop = |cursor: &mut Cursor<'_>| {
        cursor.literally(br#"{"hop":"#)?;
        cursor.pass_number()?;
        cursor.literally(br#","result":"#)?;
        cursor.elements(|cursor| cursor.perhaps(pass_reply).or_else(|| cursor.pass()))?;
        cursor.literally(b"}")
    };
    let hops = |cursor: &mut Cursor<'_>| {
        cursor.elements(|cursor| cursor.perhaps(pass_hop).or_else(|| cursor.pass()))
    };
    cursor.perhaps(hops).or_else(|| cursor.pass())
}

fn pass_reply(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.literally(br#"{"x":"*"}"#).is_some() {
        return Some(());
    }
    cursor.literally(br#"{"from":"#)?;
    cursor.string()?;
    cursor.literally(br#","ttl":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","size":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","rtt":"#)?;
    cursor.pass_number()?;
    cursor.literally(b"}")
}

/// A hop with its fields in the usual order, else in any.
fn element<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let usual = |cursor: &mut Cursor<'a>| {
        cursor.literally(br#"{"hop":"#)?;
        let hop = cursor.whole();
        cursor.literally(br#","result":"#)?;
        let result = replies(cursor);
        cursor.literally(b"}")?;
        Some(Element { hop: Some(hop?), result: Some(result?), error: None })
    };
    cursor.perhaps(usual).or_else(|| any_element(cursor))
}

fn any_element<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let mut element = Element::default();
    cursor.fields(|cursor, key| match key {
        b"hop" => once(&mut element.hop, cursor.whole()),
        b"result" => once(&mut element.result, replies(cursor)),
        b"error" => once(&mut element.error, cursor.string().map(plain)),
        _ => cursor.pass(),
    })?;
    Some(element)
}

fn replies(cursor: &mut Cursor<'_>) -> Option<Replies> {
    let mut replies = Replies { tries: Vec::with_capacity(USUAL_TRIES), ..Replies::default() };
    let mut count = 0;
    let mut last = None;
    cursor.elements(|cursor| {
        count += 1;
        if count > reply::MOST {
            return None;
        }
        if cursor.literally(br#"{"x":"*"}"#).is_some() {
            replies.push(None);
        } else if let Some(reply) = cursor.perhaps(|cursor| usual_reply(cursor, &mut last)) {
            replies.push(Some(reply));
        } else {
            replies.add(any_reply(cursor, &mut last)?);
        }
        Some(())
    })?;
    replies.end(count);
    Some(replies)
}

/// A reply with its fields in the usual order. Mostly it is from the same sender as the `last` one.
fn usual_reply<'a>(
    cursor: &mut Cursor<'a>,
    last: &mut Option<(&'a str, Ipv4Addr)>,
) -> Option<HopReply> {
    cursor.literally(br#"{"from":"#)?;
    let Sender::Address(from) = sender(cursor.string()?, last) else { return None };
    cursor.literally(br#","ttl":"#)?;
    let ttl = cursor.whole()?;
    cursor.literally(br#","size":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","rtt":"#)?;
    let Rtt(rtt) = rtt(cursor)?;
    let labels = match cursor.literally(br#","icmpext":"#) {
        Some(()) => extensions(cursor)?.0,
        None => Box::default(),
    };
    cursor.literally(b"}")?;
    Some(HopReply {
        reply_ttl: Some(ttl),
        labels,
        ..HopReply::new(from, ReplyKind::TimeExceeded, rtt)
    })
}

/// Milliseconds, of which a millionth is a nanosecond.
fn rtt(cursor: &mut Cursor<'_>) -> Option<Rtt> {
    let millis = cursor.number()?;
    Some(millis.millionths().map_or_else(|| Rtt::of_millis(millis.real()), Rtt::of_nanos))
}

fn any_reply<'a>(
    cursor: &mut Cursor<'a>,
    last: &mut Option<(&'a str, Ipv4Addr)>,
) -> Option<Reply<'a>> {
    let mut reply = Reply::default();
    cursor.fields(|cursor, key| match key {
        b"from" => once(&mut reply.from, cursor.string().map(|text| sender(text, last))),
        b"ttl" => once(&mut reply.ttl, cursor.whole()),
        b"rtt" => once(&mut reply.rtt, rtt(cursor)),
        b"x" => once(&mut reply.x, cursor.present()),
        b"late" => once(&mut reply.late, cursor.present()),
        b"flags" => once(&mut reply.flags, cursor.present()),
        b"dup" => once(&mut reply.dup, cursor.other()),
        b"err" => once(&mut reply.err, cursor.string().map(Refusal::of)),
        b"icmpext" => once(&mut reply.icmpext, extensions(cursor)),
        b"error" => once(&mut reply.error, cursor.string().map(plain)),
        _ => cursor.pass(),
    })?;
    Some(reply)
}

/// One label in the usual order, else anything.
fn extensions(cursor: &mut Cursor<'_>) -> Option<Extensions> {
    cursor.perhaps(one_label).or_else(|| any_extensions(cursor))
}

fn one_label(cursor: &mut Cursor<'_>) -> Option<Extensions> {
    cursor.literally(br#"{"version":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","rfc4884":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","obj":[{"class":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","type":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","mpls":[{"exp":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","label":"#)?;
    let label = cursor.whole()?;
    cursor.literally(br#","s":"#)?;
    cursor.pass_number()?;
    cursor.literally(br#","ttl":"#)?;
    let ttl = cursor.whole()?;
    cursor.literally(b"}]}]}")?;
    Some(Extensions(Box::new([MplsLabel { label, ttl }])))
}

fn any_extensions(cursor: &mut Cursor<'_>) -> Option<Extensions> {
    let mut objects = None;
    cursor.fields(|cursor, key| match key {
        b"obj" => once(&mut objects, list(cursor, extension)),
        _ => cursor.pass(),
    })?;
    Some(Objects { obj: objects.unwrap_or_default() }.into())
}

fn extension(cursor: &mut Cursor<'_>) -> Option<Extension> {
    let mut labels = None;
    cursor.fields(|cursor, key| match key {
        b"mpls" => once(&mut labels, list(cursor, quoted)),
        _ => cursor.pass(),
    })?;
    Some(Extension { mpls: labels.unwrap_or_default() })
}

fn quoted(cursor: &mut Cursor<'_>) -> Option<Quoted> {
    let (mut label, mut ttl) = (None, None);
    cursor.fields(|cursor, key| match key {
        b"label" => once(&mut label, cursor.whole()),
        b"ttl" => once(&mut ttl, cursor.whole()),
        _ => cursor.pass(),
    })?;
    Some(Quoted { label: label?, ttl: ttl? })
}

fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    element: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut list = Vec::new();
    cursor.elements(|cursor| element(cursor).map(|element| list.push(element)))?;
    Some(list)
}

fn sender<'a>(text: &'a str, last: &mut Option<(&'a str, Ipv4Addr)>) -> Sender {
    if let Some((_, address)) = last.filter(|(before, _)| *before == text) {
        return Sender::Address(address);
    }
    let Some(address) = address(text) else { return Sender::Other(plain(text).shown()) };
    *last = Some((text, address));
    Sender::Address(address)
}
