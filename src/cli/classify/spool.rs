//! Traces that wait to be judged: packed, in memory as long as they are few, then in a file without a
//! name.

use std::hash::Hasher;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use tempfile::{SpooledTempFile, spooled_tempfile};

use crate::trace::Trace;
use crate::transit::Outline;

use super::ear::Said;
use super::pack::{Unpacking, pack, put};

/// How many bytes stay in memory.
const FEW: usize = 32 << 20;
/// How much is read back at once.
const BUFFER: usize = 256 << 10;

/// Where a trace was found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    /// Which of the files.
    pub(super) file: usize,
    /// Its line, from 1; in binary formats the record.
    pub(super) line: u64,
}

/// Some traces, packed one behind the other: with their hops, or only their outlines.
#[derive(Debug, Default)]
pub(super) struct Packed {
    outlines: Vec<u8>,
    traces: Vec<u8>,
    /// A number for each, so that the digest of all does not depend on how they were divided, nor on
    /// what is kept of them.
    digests: Vec<u64>,
}

impl Packed {
    /// Keeps `trace`, if there is one, or else its outline.
    pub(super) fn push(
        &mut self,
        place: Place,
        said: &Said,
        trace: Option<&Trace>,
    ) -> io::Result<()> {
        let start = self.outlines.len();
        put(&said.outline, &mut self.outlines)?;
        let end = self.outlines.len();
        put(&(place, said.started, said.method), &mut self.outlines)?;
        let mut digest = SipHasher13::new();
        digest.write(self.outlines.get(start..).unwrap_or_default());
        self.digests.push(digest.finish());
        match trace {
            None => self.outlines.truncate(end),
            Some(trace) => {
                self.outlines.truncate(start);
                pack(place, trace, &mut self.traces)?;
            }
        }
        Ok(())
    }

    /// The outlines of traces whose hops were not kept, in their order.
    pub(super) fn outlines(&self) -> impl Iterator<Item = io::Result<Outline>> {
        let mut rest = self.outlines.as_slice();
        std::iter::from_fn(move || {
            let at = std::mem::take(&mut rest);
            (!at.is_empty()).then(|| {
                let (outline, behind) = postcard::take_from_bytes(at).map_err(io::Error::other)?;
                rest = behind;
                Ok(outline)
            })
        })
    }

    /// The traces with their hops, in their order.
    pub(super) fn traces(&self) -> Unpacking<'_> {
        Unpacking(&self.traces)
    }
}

/// Takes traces.
#[derive(Debug)]
pub(super) struct Spool {
    out: SpooledTempFile,
    digest: SipHasher13,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { out: spooled_tempfile(FEW), digest: SipHasher13::new() }
    }

    pub(super) fn push(&mut self, packed: &Packed) -> io::Result<()> {
        if packed.digests.is_empty() {
            return Ok(());
        }
        for digest in &packed.digests {
            self.digest.write_u64(*digest);
        }
        [&packed.outlines, &packed.traces].into_iter().try_for_each(|bytes| {
            let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            self.out.write_all(&size.to_le_bytes())?;
            self.out.write_all(bytes)
        })
    }

    /// What was taken, from the beginning, and a number that tells it from anything else.
    pub(super) fn taken(mut self) -> io::Result<(Spooled, u64)> {
        self.out.seek(SeekFrom::Start(0))?;
        Ok((Spooled(BufReader::with_capacity(BUFFER, self.out)), self.digest.finish()))
    }
}

/// Gives the traces back, in their order, as many at a time as were put in.
#[derive(Debug)]
pub(super) struct Spooled(BufReader<SpooledTempFile>);

impl Spooled {
    fn some(&mut self) -> io::Result<Option<Packed>> {
        if self.0.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let [outlines, traces] = [self.bytes()?, self.bytes()?];
        Ok(Some(Packed { outlines, traces, digests: Vec::new() }))
    }

    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut size = [0; 4];
        self.0.read_exact(&mut size)?;
        let size = usize::try_from(u32::from_le_bytes(size)).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Iterator for Spooled {
    type Item = io::Result<Packed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.some().transpose()
    }
}
