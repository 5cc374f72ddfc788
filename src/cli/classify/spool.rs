//! Traces that wait to be judged: packed, in memory as long as they are few, then in a file without a
//! name.

use std::hash::Hasher;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use tempfile::{SpooledTempFile, spooled_tempfile};

use crate::trace::Trace;

/// How many bytes stay in memory.
const FEW: usize = 32 << 20;

/// Where a trace was found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    /// Which of the files.
    pub(super) file: usize,
    /// Its line, from 1; in binary formats the record.
    pub(super) line: u64,
}

/// Takes traces.
#[derive(Debug)]
pub(super) struct Spool {
    out: BufWriter<SpooledTempFile>,
    digest: SipHasher13,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { out: BufWriter::new(spooled_tempfile(FEW)), digest: SipHasher13::new() }
    }

    pub(super) fn push(&mut self, place: Place, trace: &Trace) -> io::Result<()> {
        let bytes = postcard::to_extend(&(place, trace), Vec::new()).map_err(io::Error::other)?;
        let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.digest.write(&bytes);
        self.out.write_all(&size.to_le_bytes())?;
        self.out.write_all(&bytes)
    }

    /// What was taken, from the beginning, and a number that tells it from anything else.
    pub(super) fn taken(self) -> io::Result<(Spooled, u64)> {
        let digest = self.digest.finish();
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((Spooled(BufReader::new(file)), digest))
    }
}

/// Gives the traces back, in their order.
#[derive(Debug)]
pub(super) struct Spooled(BufReader<SpooledTempFile>);

impl Spooled {
    fn one(&mut self) -> io::Result<Option<(Place, Trace)>> {
        let mut size = [0; 4];
        if self.0.read(&mut size[..1])? == 0 {
            return Ok(None);
        }
        self.0.read_exact(&mut size[1..])?;
        let mut bytes =
            vec![0; usize::try_from(u32::from_le_bytes(size)).map_err(io::Error::other)?];
        self.0.read_exact(&mut bytes)?;
        postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
    }
}

impl Iterator for Spooled {
    type Item = io::Result<(Place, Trace)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.one().transpose()
    }
}
