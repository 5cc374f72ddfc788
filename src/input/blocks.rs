//! bzip2 on several cores. Its blocks are independent of each other, and each begins with the same 48 bits, at any bit of
//! the stream; so they are cut out, and every one is unpacked as a stream of its own.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a block begins with, and what stands behind the last one: pi and its square root.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
const MARK_BITS: usize = 48;
/// How many bytes a stream has before its first mark.
const HEADER: usize = 4;
/// How much is read at once.
const PART: usize = 256 << 10;
/// No block is longer when it is packed: 900,000 bytes grow by a fiftieth at most.
const LONGEST: usize = 2 << 20;
/// The most blocks that are unpacked at once. Each takes 4 MB, and what comes of it: 900 kB, or up to 46 MB of equal bytes.
const MOST: usize = 8;

type Unpacked = io::Result<Vec<u8>>;

/// Threads that unpack blocks, as many as there are cores: with more of them the blocks, of 4 MB each, would drive each other
/// out of the caches.
struct Workers(Sender<(Vec<u8>, Sender<Unpacked>)>);

impl Workers {
    fn new(cores: usize) -> Self {
        let (sender, blocks) = channel::<(Vec<u8>, Sender<Unpacked>)>();
        let blocks = Arc::new(Mutex::new(blocks));
        for _ in 0..cores {
            let blocks = Arc::clone(&blocks);
            thread::spawn(move || {
                // They end with the sender.
                let next = || blocks.lock().ok()?.recv().ok();
                while let Some((block, result)) = next() {
                    let mut unpacked = Vec::new();
                    let read =
                        bzip2::read::BzDecoder::new(block.as_slice()).read_to_end(&mut unpacked);
                    // Nobody waits for what stands behind a damaged block.
                    let _ = result.send(read.map(|_| unpacked));
                }
            });
        }
        Self(sender)
    }

    fn unpack(&self, block: Vec<u8>) -> Receiver<Unpacked> {
        let (sender, result) = channel();
        // Where no thread is left, the result says so.
        let _ = self.0.send((block, sender));
        result
    }
}

/// What is in a bzip2 stream, or in several behind each other.
pub(super) struct Blocks<R> {
    input: R,
    /// What was read and is not cut out yet.
    packed: Vec<u8>,
    /// The byte at which the first mark of a stream is to stand, behind a header of four bytes, while none is open.
    first: Option<usize>,
    /// Whether a stream has been read to its end.
    has_stream: bool,
    /// The bit at which a block begins.
    begin: usize,
    /// Up to this bit nothing begins that was not seen.
    searched: usize,
    is_over: bool,
    /// Why there is no further block; those under way come first.
    failed: Option<io::Error>,
    running: VecDeque<Receiver<Unpacked>>,
    workers: Option<Workers>,
    cores: usize,
    unpacked: Vec<u8>,
    at: usize,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(input: R) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        Self {
            input,
            packed: Vec::new(),
            first: Some(HEADER),
            has_stream: false,
            begin: 0,
            searched: 0,
            is_over: false,
            failed: None,
            running: VecDeque::new(),
            workers: None,
            cores,
            unpacked: Vec::new(),
            at: 0,
        }
    }

    /// Cuts out the next block.
    fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(first) = self.first {
                if !self.begin_stream(first)? {
                    return Ok(None);
                }
                continue;
            }
            if let Some((place, is_block)) = mark(&self.packed, self.searched) {
                let block = standalone(&self.packed, self.begin, place);
                if is_block {
                    self.begin_block(place);
                } else {
                    self.end_stream(place);
                }
                return Ok(Some(block));
            }
            // A mark may begin in the last bits that are there.
            let bits = self.packed.len() * 8;
            self.searched = self.searched.max(bits.saturating_sub(MARK_BITS + 8));
            if self.is_over {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.packed.len() > LONGEST {
                return Err(damaged("a block of bzip2 has no end"));
            }
            self.fill()?;
        }
    }

    /// Takes the first mark of a stream, which is to stand at this byte. False where there is no further stream: what
    /// stands behind one and is none is passed over, as bzip2 does.
    fn begin_stream(&mut self, first: usize) -> io::Result<bool> {
        while self.packed.len() < first + MARK_BITS / 8 && !self.is_over {
            self.fill()?;
        }
        let Some(stream) = self.packed.get(first - HEADER..) else {
            // The checksum behind the last mark is cut off.
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if self.has_stream && !matches!(stream, [b'B', b'Z', b'h', b'1'..=b'9', ..]) {
            return Ok(false);
        }
        self.packed.drain(..first - HEADER);
        match mark_at(&self.packed, HEADER) {
            Some(BLOCK) => self.begin_block(HEADER * 8),
            Some(END) => self.end_stream(HEADER * 8),
            Some(_) => {
                return Err(damaged("no block of bzip2 stands where the first one is to begin"));
            }
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(true)
    }

    /// A block begins at this bit; whole bytes before it are not needed any more.
    fn begin_block(&mut self, place: usize) {
        self.packed.drain(..place / 8);
        (self.first, self.begin, self.searched) = (None, place % 8, place % 8 + MARK_BITS);
    }

    /// A stream ends with the mark at this bit, a checksum of 32 bits and the rest of a byte.
    fn end_stream(&mut self, place: usize) {
        self.first = Some((place + MARK_BITS + 32).div_ceil(8) + HEADER);
        self.has_stream = true;
    }

    fn fill(&mut self) -> io::Result<()> {
        let part = u64::try_from(PART).unwrap_or(u64::MAX);
        self.is_over = (&mut self.input).take(part).read_to_end(&mut self.packed)? == 0;
        Ok(())
    }

    /// Unpacks the next block, while others behind it are under way.
    fn unpack(&mut self) -> io::Result<bool> {
        // Two more than there are cores, so that none waits while the first one's content is read.
        while self.cores > 0 && self.running.len() < self.cores + 2 {
            let Some(block) = self.next_block()? else { break };
            let workers = self.workers.get_or_insert_with(|| Workers::new(self.cores));
            self.running.push_back(workers.unpack(block));
        }
        let Some(first) = self.running.pop_front() else { return Ok(false) };
        let unpacked =
            first.recv().unwrap_or_else(|_| Err(io::Error::other("a block cannot be unpacked")));
        self.unpacked = unpacked.inspect_err(|_| {
            // Nothing comes behind a hole.
            self.running.clear();
            self.cores = 0;
        })?;
        self.at = 0;
        Ok(true)
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.unpacked.len() {
            // What was unpacked before a damaged block is still handed out.
            match self.unpack() {
                Ok(true) => {}
                Ok(false) => return self.failed.take().map_or(Ok(0), Err),
                Err(error) if self.running.is_empty() => return Err(error),
                Err(error) => {
                    self.cores = 0;
                    self.failed = Some(error);
                }
            }
        }
        let rest = &self.unpacked[self.at..];
        let count = rest.len().min(to.len());
        to[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// By the second byte of seven, at which bits of the first one a mark may begin.
const SECOND: [u8; 256] = {
    let mut table = [0; 256];
    let mut shift = 0;
    while shift < 8 {
        // Of the mark's 48 bits those from the (8 - shift)th on.
        table[(BLOCK >> (MARK_BITS - 16 + shift) & 0xff) as usize] |= 1 << shift;
        table[(END >> (MARK_BITS - 16 + shift) & 0xff) as usize] |= 1 << shift;
        shift += 1;
    }
    table
};

/// The first mark at or behind a bit, and whether a block begins there.
fn mark(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    const MASK: u64 = (1 << MARK_BITS) - 1;
    let first = from / 8;
    let windows = bytes.get(first..)?.windows(7).enumerate();
    for (place, window) in windows {
        let candidates = SECOND[usize::from(window[1])];
        if candidates == 0 {
            continue;
        }
        let mut wide = [0; 8];
        wide[1..].copy_from_slice(window);
        let wide = u64::from_be_bytes(wide);
        for shift in (0..8).filter(|shift| candidates >> shift & 1 == 1) {
            let found = wide >> (8 - shift) & MASK;
            let bit = (first + place) * 8 + shift;
            if (found == BLOCK || found == END) && bit >= from {
                return Some((bit, found == BLOCK));
            }
        }
    }
    // The last mark ends with the last byte.
    let last = bytes.len().checked_sub(MARK_BITS / 8).filter(|last| *last >= first)?;
    let found = mark_at(bytes, last)?;
    let is_mark = found == BLOCK || found == END;
    (is_mark && last * 8 >= from).then_some((last * 8, found == BLOCK))
}

/// The 48 bits from a byte on.
fn mark_at(bytes: &[u8], place: usize) -> Option<u64> {
    let mut wide = [0; 8];
    wide[2..].copy_from_slice(bytes.get(place..place + MARK_BITS / 8)?);
    Some(u64::from_be_bytes(wide))
}

fn damaged(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The bits of a block as a stream: a header, the block, what stands at the end of a stream, and its checksum, which is
/// that of the only block.
fn standalone(bytes: &[u8], from: usize, to: usize) -> Vec<u8> {
    let (first, shift) = (from / 8, from % 8);
    let byte = |place: usize| {
        let get = |place: usize| bytes.get(first + place).copied().unwrap_or_default();
        let both = u16::from_be_bytes([get(place), get(place + 1)]) << shift;
        both.to_be_bytes()[0]
    };
    let bits = to - from;
    let mut stream = b"BZh9".to_vec();
    stream.extend((0..bits / 8).map(byte));
    let rest = bits % 8;
    let mut end = if rest == 0 { 0 } else { u128::from(byte(bits / 8) >> (8 - rest)) };
    end = end << MARK_BITS | u128::from(END);
    let checksum = u32::from_be_bytes([6, 7, 8, 9].map(byte));
    end = end << 32 | u128::from(checksum);
    let bits = rest + MARK_BITS + 32;
    let filled = bits.next_multiple_of(8);
    end <<= filled - bits;
    stream.extend(&end.to_be_bytes()[16 - filled / 8..]);
    stream
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(content: &[u8], level: u32) -> Vec<u8> {
        let level = bzip2::Compression::new(level);
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), level);
        packer.write_all(content).expect("packed");
        packer.finish().expect("packed")
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        Blocks::new(bytes).read_to_end(&mut all).map(|_| all)
    }

    /// Bytes that do not pack well, and differ.
    fn content(length: u32) -> Vec<u8> {
        (0..length).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect()
    }

    #[test]
    fn streams_of_any_number_of_blocks_come_out_as_they_were() {
        for (length, level) in [(0, 9), (1, 9), (1000, 1), (60_000, 1)] {
            let content = content(length);
            let bytes = packed(&content, level);
            assert!(unpacked(&bytes).expect("unpacked") == content, "{length} {level}");
            let twice = [bytes.clone(), bytes].concat();
            assert!(unpacked(&twice).expect("unpacked") == content.repeat(2), "twice {length}");
        }
    }

    /// A text may begin as bzip2 does, and a first block may be damaged: neither is empty input.
    #[test]
    fn what_has_no_first_block_is_an_error() {
        let bytes = packed(&content(1000), 9);
        let mut damaged = bytes.clone();
        damaged[6] ^= 0xff;
        let second = [bytes.as_slice(), &damaged].concat();
        for (what, bytes, kind) in [
            ("a header", b"BZh9".to_vec(), io::ErrorKind::UnexpectedEof),
            ("a text", b"BZh9 is how this line begins\n".to_vec(), io::ErrorKind::InvalidData),
            ("a first mark", damaged, io::ErrorKind::InvalidData),
            ("the first mark of a second stream", second, io::ErrorKind::InvalidData),
            (
                "the checksum at the end",
                bytes[..bytes.len() - 1].to_vec(),
                io::ErrorKind::UnexpectedEof,
            ),
        ] {
            assert_eq!(unpacked(&bytes).expect_err(what).kind(), kind, "{what}");
        }
        // What stands behind a stream and is none is passed over.
        let behind = [bytes.as_slice(), b"and more"].concat();
        assert!(unpacked(&behind).expect("unpacked") == content(1000));
    }

    #[test]
    fn what_is_whole_comes_out_before_the_error() {
        let content = content(90_000);
        let bytes = packed(&content, 1);
        let cut = &bytes[..bytes.len() / 2];
        let mut all = Vec::new();
        let error = Blocks::new(cut).read_to_end(&mut all).expect_err("cut");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(all.len() > content.len() / 4 && content.starts_with(&all), "{}", all.len());
        let mut damaged = bytes;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        assert!(unpacked(&damaged).is_err());
    }
}
