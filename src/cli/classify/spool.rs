//! Traces that wait to be judged: packed, in memory as long as they are few, then in a file without a
//! name.

use std::hash::Hasher;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use tempfile::{SpooledTempFile, spooled_tempfile};

use crate::trace::Trace;

use super::pack::{Unpacking, pack};

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

/// Some traces, packed one behind the other.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    /// A number for each, so that the digest of all does not depend on how they were divided.
    digests: Vec<u64>,
}

impl Packed {
    pub(super) fn push(&mut self, place: Place, trace: &Trace) -> io::Result<()> {
        let start = self.bytes.len();
        pack(place, trace, &mut self.bytes)?;
        let mut digest = SipHasher13::new();
        digest.write(self.bytes.get(start..).unwrap_or_default());
        self.digests.push(digest.finish());
        Ok(())
    }

    /// The traces, in their order.
    pub(super) fn unpacked(&self) -> Unpacking<'_> {
        Unpacking(&self.bytes)
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
        if packed.bytes.is_empty() {
            return Ok(());
        }
        for digest in &packed.digests {
            self.digest.write_u64(*digest);
        }
        let size = u32::try_from(packed.bytes.len()).map_err(io::Error::other)?;
        self.out.write_all(&size.to_le_bytes())?;
        self.out.write_all(&packed.bytes)
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
        let mut size = [0; 4];
        if self.0.read(&mut size[..1])? == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut size[1..])?;
        let size = usize::try_from(u32::from_le_bytes(size)).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        self.0.read_exact(&mut bytes)?;
        Ok(Some(Packed { bytes, digests: Vec::new() }))
    }
}

impl Iterator for Spooled {
    type Item = io::Result<Packed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.some().transpose()
    }
}
