//! A file or stdin, decompressed, with a look at how it begins.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// How much of a file is looked at to recognise its format.
pub const HEAD: usize = 64 << 10;
/// How much is read at once.
const BUFFER: usize = 1 << 20;
/// How often compressed files may be packed into each other.
const DEEPEST: usize = 4;

/// An input that can be read, decompressed.
pub struct Opened {
    /// How it begins: at most [`HEAD`] bytes.
    pub head: Vec<u8>,
    /// All of it, from the beginning.
    pub input: Box<dyn BufRead + Send>,
}

/// Opens `path`, or stdin without one.
///
/// # Errors
/// When it cannot be read, or is compressed and damaged at its beginning.
pub fn open(path: Option<&Path>) -> io::Result<Opened> {
    let input: Box<dyn Read + Send> = match path {
        Some(path) => Box::new(File::open(path)?),
        None => Box::new(io::stdin()),
    };
    unpack(input, DEEPEST)
}

fn unpack(input: Box<dyn Read + Send>, depth: usize) -> io::Result<Opened> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let head = head(&mut input)?;
    let unpacked: Box<dyn Read + Send> = match head.as_slice() {
        _ if depth == 0 => return Ok(Opened { input: again(&head, input), head }),
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(again(&head, input))),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::read::MultiBzDecoder::new(again(&head, input))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let frames = ruzstd::decoding::StreamingDecoder::new(again(&head, input));
            Box::new(frames.map_err(io::Error::other)?)
        }
        _ => return Ok(Opened { input: again(&head, input), head }),
    };
    unpack(unpacked, depth - 1)
}

/// Reads the beginning; a pipe may give it piece by piece.
fn head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(u64::try_from(HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head)?;
    Ok(head)
}

fn again(head: &[u8], rest: impl BufRead + Send + 'static) -> Box<dyn BufRead + Send> {
    Box::new(io::Cursor::new(head.to_vec()).chain(rest))
}
