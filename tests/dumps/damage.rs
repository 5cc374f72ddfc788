//! Damaged files: nothing panics, and nothing goes on for ever.

use std::io::Cursor;
use std::path::Path;

use lasthop::import::{FORMATS, Finding, Format, named, recognise};
use lasthop::input::HEAD;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::samples::all;

/// At how many places a file is cut or changed.
const PLACES: usize = 25;
/// The longest part of a file that is damaged: what is behind it is alike.
const LONGEST: usize = 8 << 10;

/// How many things `format` finds in `bytes`, which may be none.
fn count(format: &Format, bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut input = Cursor::new(bytes.to_vec());
    let read = format.read(&mut input, &mut |_, _: Finding| count += 1);
    assert!(read.is_ok(), "{}: {read:?}", format.name());
    count
}

/// All files by their format: those from elsewhere, and our own fixtures.
fn files() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut files: Vec<_> =
        all().into_iter().map(|one| (one.name, one.format, one.bytes)).collect();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("bytes");
            if let Some(format) = recognise(&bytes[..bytes.len().min(HEAD)]) {
                files.push((path.display().to_string(), format.name(), bytes));
            }
        }
    }
    files
}

#[test]
fn files_that_end_anywhere_are_read_to_their_end() {
    for (name, format, bytes) in files() {
        let format = named(format).expect("a format");
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        for place in 0..PLACES {
            let cut = &bytes[..bytes.len() * place / PLACES];
            let found = count(format, cut);
            let blank = cut.iter().all(u8::is_ascii_whitespace);
            assert!(found <= cut.len(), "{name} up to {}", cut.len());
            assert!(!blank || found == 0, "{name} up to {}", cut.len());
            let _ = recognise(cut);
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let mut random = StdRng::seed_from_u64(4);
    for (_, format, bytes) in files() {
        let format = named(format).expect("a format");
        for _ in 0..PLACES {
            let mut bytes = bytes[..bytes.len().min(LONGEST)].to_vec();
            for _ in 0..random.random_range(1..20) {
                let place = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes[place] = random.random(),
                    1 => bytes[place] ^= 1 << random.random_range(0..8),
                    2 => drop(bytes.drain(place..(place + 9).min(bytes.len() - 1).max(place))),
                    _ => {
                        let piece = bytes[place..(place + 40).min(bytes.len())].to_vec();
                        bytes.splice(place..place, piece);
                    }
                }
            }
            count(format, &bytes);
            let _ = recognise(&bytes);
        }
    }
}

/// What somebody writes who wants to see a program fail.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = StdRng::seed_from_u64(5);
    let mut noise = vec![0; 1 << 18];
    random.fill(&mut noise[..]);
    let mut lies = vec![0x12, 0x05, 0x00, 0x06, 0xff, 0xff, 0xff, 0xff];
    lies.extend([0x41; 4096]);
    vec![
        ("noise", noise),
        ("deep lists", vec![b'['; 1 << 18]),
        ("deep objects", b"{\"result\":".repeat(1 << 14)),
        ("a long line", vec![b'x'; (1 << 20) + 9]),
        ("a long string", [b"{\"fw\":\"".to_vec(), vec![b'y'; (1 << 20) + 9]].concat()),
        ("a long hop", [b" 1 ".to_vec(), b" 10.0.0.1 1 ms".repeat(1 << 15)].concat()),
        ("brackets", [b" 1 ".to_vec(), b"[ < ".repeat(1 << 12)].concat().repeat(9)),
        ("many hops", b" 1  10.0.0.1  1 ms\n".repeat(1 << 14)),
        ("many rows", b"  1    1 ms    1 ms    1 ms  10.0.0.1\n".repeat(1 << 14)),
        ("zeros", vec![0; 1 << 18]),
        ("lengths that lie", lies),
    ]
}

#[test]
fn every_format_ends_with_whatever_it_is_given() {
    for (what, bytes) in hostile() {
        for format in FORMATS {
            let found = count(format, &bytes);
            assert!(found <= bytes.len(), "{what} as {}", format.name());
        }
    }
}
