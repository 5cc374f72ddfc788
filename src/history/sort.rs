//! Rows sorted by time with little memory: in chunks, which wait in a file without a name.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::{HistoryError, Row};

/// How many rows are sorted at once.
const CHUNK: usize = 1 << 16;

/// Rows on their way to be sorted.
#[derive(Default)]
pub(super) struct Chunks {
    rows: Vec<Row>,
    files: Vec<File>,
}

/// Rows in the order of their times.
pub(super) struct Sorted {
    chunks: Vec<Chunk>,
}

/// A sorted chunk, and its next row.
struct Chunk {
    file: BufReader<File>,
    next: Option<Row>,
}

impl Chunks {
    pub(super) fn push(&mut self, row: Row) -> Result<(), HistoryError> {
        self.rows.push(row);
        if self.rows.len() >= CHUNK { self.spill().map_err(temporary) } else { Ok(()) }
    }

    pub(super) fn sorted(mut self) -> Result<Sorted, HistoryError> {
        self.spill().map_err(temporary)?;
        let chunks = self.files.into_iter().map(|file| {
            let mut chunk = Chunk { file: BufReader::new(file), next: None };
            chunk.advance().map(|()| chunk)
        });
        Ok(Sorted { chunks: chunks.collect::<io::Result<_>>().map_err(temporary)? })
    }

    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_by_key(|row| row.started);
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for row in self.rows.drain(..) {
            let bytes = postcard::to_extend(&row, Vec::new()).map_err(io::Error::other)?;
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            file.write_all(&length.to_le_bytes())?;
            file.write_all(&bytes)?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.files.push(file);
        Ok(())
    }
}

impl Sorted {
    pub(super) fn next(&mut self) -> Result<Option<Row>, HistoryError> {
        let some = self.chunks.iter_mut().filter(|chunk| chunk.next.is_some());
        let oldest = some.min_by_key(|chunk| chunk.next.as_ref().map(|row| row.started));
        let Some(chunk) = oldest else { return Ok(None) };
        let row = chunk.next.take();
        chunk.advance().map_err(temporary)?;
        Ok(row)
    }
}

impl Chunk {
    fn advance(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        if self.file.read(&mut length[..1])? == 0 {
            self.next = None;
            return Ok(());
        }
        self.file.read_exact(&mut length[1..])?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        self.next = Some(postcard::from_bytes(&bytes).map_err(io::Error::other)?);
        Ok(())
    }
}

fn temporary(source: io::Error) -> HistoryError {
    HistoryError::Io { path: PathBuf::from("a temporary file"), source }
}
