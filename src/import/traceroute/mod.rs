//! The text that traceroute prints: Linux, BSD and macOS, busybox, inetutils, routers of Cisco, Juniper and
//! Huawei, Paris traceroute, scamper.
//!
//! All of them write a header with the destination, then a line for each TTL with addresses, times
//! and annotations; further addresses of a TTL may stand in lines of their own.

pub(super) mod header;
pub(super) mod hop_words;
pub(super) mod tracepath;

/// The TTL at the beginning of a line, and what follows it.
pub(super) fn ttl(text: &str) -> Option<(u8, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let ttl = text.get(..digits)?.parse().ok().filter(|ttl| *ttl > 0)?;
    let rest = &text[digits..];
    // Lists of Markdown number their items `1.` or `1)`.
    let rest = rest.strip_prefix(['.', ')']).unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((ttl, rest))
}
