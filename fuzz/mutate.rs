//! New inputs from old ones: bytes changed, parts moved, numbers and words exchanged.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

/// The longest input that is made.
const LONGEST: usize = 64 << 10;
/// Numbers at which programs go wrong.
const NUMBERS: [&[u8]; 12] = [
    b"0",
    b"-1",
    b"1",
    b"255",
    b"256",
    b"65535",
    b"65536",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551616",
    b"1e308",
    b"0.0000000001",
];
/// Signs that mean something somewhere.
const SIGNS: [&[u8]; 22] = [
    b"\n",
    b"\r\n",
    b"\t",
    b",",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"=",
    b"<",
    b">",
    b"&",
    b"*",
    b"\0",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    b"\xff\xfe",
    b"\\u0000",
];

/// Makes an input of `old`, and now and then of parts of `other`.
pub(crate) fn mutated(old: &[u8], other: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = old.to_vec();
    for _ in 0..1_u32 << random.random_range(0..5) {
        change(&mut bytes, other, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut StdRng) {
    let at = random.random_range(0..=bytes.len());
    match random.random_range(0..13_u8) {
        0 => on_byte(bytes, at, |byte| byte ^ 1 << random.random_range(0..8_u8)),
        1 => on_byte(bytes, at, |_| random.random()),
        2 => on_byte(bytes, at, |byte| {
            byte.wrapping_add(random.random_range(0..9_u8)).wrapping_sub(4)
        }),
        3 => insert(bytes, at, SIGNS[random.random_range(0..SIGNS.len())]),
        4 => drop(bytes.drain(part(bytes.len(), random))),
        5 => bytes.truncate(at),
        6 => {
            let part = bytes[part(bytes.len(), random)].to_vec();
            insert(bytes, at, &part);
        }
        7 => {
            let part = &other[part(other.len(), random)];
            insert(bytes, at, part);
        }
        8 => replace_digits(bytes, at, random),
        9 => swap_lines(bytes, random),
        10 => {
            // A number in binary formats.
            let value: u64 =
                [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, u64::MAX][random.random_range(0..8)];
            let width = 1 << random.random_range(0..4_u8);
            for (byte, new) in bytes.iter_mut().skip(at).zip(&value.to_be_bytes()[8 - width..]) {
                *byte = *new;
            }
        }
        11 => {
            let mut new = vec![0; random.random_range(1..16)];
            random.fill_bytes(&mut new);
            insert(bytes, at, &new);
        }
        _ => {
            // The same again and again.
            let part = bytes[part(bytes.len().min(256), random)].to_vec();
            let again = part.repeat(random.random_range(1..64));
            insert(bytes, at, &again);
        }
    }
}

fn on_byte(bytes: &mut [u8], at: usize, make: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = make(*byte);
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.splice(at..at, new.iter().copied());
}

/// Some of so many bytes, mostly few.
fn part(length: usize, random: &mut StdRng) -> std::ops::Range<usize> {
    let start = random.random_range(0..=length);
    let most = 1_usize << random.random_range(0..10);
    start..length.min(start + random.random_range(0..=most))
}

fn replace_digits(bytes: &mut Vec<u8>, at: usize, random: &mut StdRng) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit) else { return };
    let start = at + start;
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = NUMBERS[random.random_range(0..NUMBERS.len())];
    bytes.splice(start..start + length, number.iter().copied());
}

fn swap_lines(bytes: &mut Vec<u8>, random: &mut StdRng) {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.len() > 1 {
        let (one, other) =
            (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
        lines.swap(one, other);
        *bytes = lines.concat();
    }
}
