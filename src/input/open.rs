//! A file or stdin, decompressed, with a look at how it begins.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::blocks::Blocks;
use super::budget::Budget;
use super::zstd::Frames;

/// How much of a file is looked at to recognise its format.
pub const HEAD: usize = 64 << 10;
/// How much is read at once.
const BUFFER: usize = 1 << 20;
/// How often compressed files may be packed into each other.
const DEEPEST: usize = 4;
/// The most memory that a dictionary of xz may take, in KiB: `xz -9` needs a third of it.
const XZ_MEMORY: u32 = 200 << 10;

/// An input that can be read, decompressed.
pub struct Opened<'a> {
    /// How it begins: at most [`HEAD`] bytes.
    pub head: Vec<u8>,
    /// All of it, from the beginning.
    pub input: Box<dyn BufRead + Send + 'a>,
}

/// Opens `path`, or stdin without one.
///
/// # Errors
/// When it cannot be read, or is compressed and damaged at its beginning.
pub fn open(path: Option<&Path>) -> io::Result<Opened<'static>> {
    let budget = Budget::default();
    let input: Box<dyn Read + Send> = match path {
        Some(path) => Box::new(budget.of_source(File::open(path)?)),
        None => Box::new(budget.of_source(io::stdin())),
    };
    unpacked(input, &budget).map(|(opened, _)| opened)
}

/// Whether a file is compressed.
///
/// # Errors
/// When it cannot be read, or is compressed and damaged at its beginning.
pub fn is_compressed(path: &Path) -> io::Result<bool> {
    let budget = Budget::default();
    let file = budget.of_source(File::open(path)?);
    unpacked(Box::new(file), &budget).map(|(_, compressed)| compressed)
}

/// What is in `input`, decompressed, and whether it was compressed.
pub(super) fn unpacked<'a>(
    input: Box<dyn Read + Send + 'a>,
    budget: &Budget,
) -> io::Result<(Opened<'a>, bool)> {
    let mut opened = begin(input)?;
    for depth in 0..DEEPEST {
        let Opened { head, input } = opened;
        let decoder: Box<dyn Read + Send + 'a> = match head.as_slice() {
            [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(input)),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Box::new(Blocks::new(input)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Box::new(Frames::new(input))
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, XZ_MEMORY))
            }
            _ => return Ok((Opened { head, input }, depth > 0)),
        };
        opened = begin(Box::new(budget.of_decoder(decoder)))?;
    }
    Ok((opened, true))
}

/// Looks at the beginning of `input`; a pipe may give it piece by piece.
pub(super) fn begin<'a>(input: Box<dyn Read + Send + 'a>) -> io::Result<Opened<'a>> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut head = Vec::new();
    let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
    let read = (&mut input).take(most).read_to_end(&mut head);
    // What is damaged further on is read up to there.
    let failed = match read {
        Err(error) if head.is_empty() => return Err(error),
        read => read.err(),
    };
    let behind = Failing(failed).chain(input);
    let again = io::Cursor::new(head.clone()).chain(behind);
    Ok(Opened { head, input: Box::new(again) })
}

/// Fails once, if at all, and is empty.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl BufRead for Failing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.take().map_or(Ok(&[]), Err)
    }

    fn consume(&mut self, _: usize) {}
}
