//! Archives, member by member: tar as a stream, zip by its directory. Nothing is unpacked to disk.
//!
//! A thread of its own unpacks, and hands the members on piece by piece, because a member must be readable
//! from other threads, which those of the libraries are not. The names of members are shown and never used
//! as paths.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tar::EntryType;
use zip::result::ZipError;

/// How much is handed on at once.
const PART: usize = 256 << 10;
/// How many pieces may wait.
const WAITING: usize = 4;
/// The most members of one archive.
const MOST: usize = 100_000;
/// The longest name of a member.
const LONGEST_NAME: u64 = 4 << 10;
/// How much of an archive that cannot be read at any place stays in memory.
const IN_MEMORY: usize = 32 << 20;
/// The largest of those.
const LARGEST: u64 = 4 << 30;

/// The kinds of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tar,
    Zip,
}

impl Kind {
    /// The kind of archive that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ if is_tar(head) => Some(Self::Tar),
            _ => None,
        }
    }
}

/// A header of tar is known by its checksum, since the first tar had no mark (POSIX.1, pax: ustar).
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let checksum = header.get(148..156).unwrap_or_default();
    let digits = |byte: &u8| matches!(byte, b'0'..=b'7').then(|| u32::from(byte - b'0'));
    let mut octal = checksum.iter().skip_while(|byte| **byte == b' ').map_while(digits).peekable();
    if octal.peek().is_none() || header[0] == 0 {
        return false;
    }
    let said = octal.fold(0_u32, |sum, digit| sum.wrapping_mul(8).wrapping_add(digit));
    let byte = |(place, byte): (usize, &u8)| match place {
        148..156 => u32::from(b' '),
        _ => u32::from(*byte),
    };
    said == header.iter().enumerate().map(byte).sum::<u32>()
}

/// An archive, and where it is read from.
pub(super) enum Archive<'a> {
    Tar(Box<dyn Read + Send + 'a>),
    Zip(Box<dyn Read + Send + 'a>),
    /// A zip archive that can be read at any place.
    ZipFile(File),
}

/// Hands each member of an archive to `take`, with its name.
///
/// # Errors
/// When the archive is damaged, or too large; what came before has been taken.
pub(super) fn members(
    archive: Archive<'_>,
    mut take: impl FnMut(&str, Box<dyn Read + Send + '_>),
) -> io::Result<()> {
    let (to, mut from) = sync_channel(WAITING);
    thread::scope(|scope| {
        let unpacking = scope.spawn(move || match archive {
            Archive::Tar(stream) => tar_members(stream, &to),
            Archive::Zip(stream) => zip_members(spooled(stream)?, &to),
            Archive::ZipFile(file) => zip_members(file, &to),
        });
        while let Ok(piece) = from.recv() {
            // What nobody read of the last member is passed over.
            if let Piece::Begin(name) = piece {
                let member = Member { from: &mut from, ended: false, rest: Vec::new(), at: 0 };
                take(&name, Box::new(member));
            }
        }
        unpacking.join().unwrap_or_else(|_| Err(io::Error::other("the archive cannot be read")))
    })
}

/// What the thread that unpacks hands on.
enum Piece {
    Begin(String),
    Part(Vec<u8>),
    End(io::Result<()>),
}

type Pieces = SyncSender<Piece>;

/// Nobody reads any more.
fn nobody() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

fn send(to: &Pieces, piece: Piece) -> io::Result<()> {
    to.send(piece).map_err(|_| nobody())
}

/// Hands a member on, whose reader should give `size` bytes.
fn hand_on(name: String, size: u64, mut member: impl Read, to: &Pieces) -> io::Result<()> {
    send(to, Piece::Begin(name))?;
    let mut left = size;
    let ended = loop {
        let mut part = Vec::with_capacity(PART);
        match (&mut member).take(PART as u64).read_to_end(&mut part) {
            Ok(0) if left > 0 => break Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => break Ok(()),
            Ok(read) => {
                left = left.saturating_sub(read as u64);
                send(to, Piece::Part(part))?;
            }
            Err(error) => break Err(error),
        }
    };
    send(to, Piece::End(ended))
}

fn tar_members(input: impl Read, to: &Pieces) -> io::Result<()> {
    let mut archive = tar::Archive::new(input);
    let mut long_name = None;
    // Raw: the library itself would read names of any length into memory.
    for (number, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if number >= MOST {
            return Err(io::Error::other(format!("it has more than {MOST} members")));
        }
        let size = entry.header().entry_size()?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = Some(text_of(&mut entry)?),
            EntryType::XHeader => long_name = pax_path(&text_of(&mut entry)?).or(long_name),
            EntryType::GNULongLink | EntryType::XGlobalHeader => {}
            EntryType::Regular | EntryType::Continuous => {
                let name = long_name
                    .take()
                    .unwrap_or_else(|| String::from_utf8_lossy(&entry.path_bytes()).into_owned());
                if !name.ends_with('/') {
                    hand_on(name, size, &mut entry, to)?;
                }
            }
            EntryType::GNUSparse => {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let why = io::Error::other("a sparse file; unpack the archive");
                send(to, Piece::Begin(name))?;
                send(to, Piece::End(Err(why)))?;
            }
            _ => long_name = None,
        }
    }
    Ok(())
}

/// A name that stands in the place of a member.
fn text_of(entry: &mut impl Read) -> io::Result<String> {
    let mut text = Vec::new();
    entry.take(LONGEST_NAME).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).trim_end_matches('\0').to_owned())
}

/// The path in the records of a pax header, each `LENGTH KEY=VALUE`.
fn pax_path(records: &str) -> Option<String> {
    records.lines().find_map(|line| line.split_once(" path=")).map(|(_, path)| path.to_owned())
}

fn zip_members(input: impl Read + Seek, to: &Pieces) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(input).map_err(zip_error)?;
    if archive.len() > MOST {
        return Err(io::Error::other(format!("it has more than {MOST} members")));
    }
    for place in 0..archive.len() {
        let name = match archive.name_for_index(place) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("member {}", place + 1),
        };
        match archive.by_index(place) {
            Ok(member) if member.is_file() => {
                let size = member.size();
                hand_on(name, size, member, to)?;
            }
            Ok(_) => {}
            Err(error) => {
                send(to, Piece::Begin(name))?;
                send(to, Piece::End(Err(zip_error(error))))?;
            }
        }
    }
    Ok(())
}

fn zip_error(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            io::Error::other("it is encrypted; unpack it with its password")
        }
        ZipError::UnsupportedArchive(_) => {
            io::Error::other("it is compressed in a way that is not read here; unpack it")
        }
        other => io::Error::other(format!("a damaged zip archive: {other}")),
    }
}

/// The archive where it can be read at any place: in memory while it is small, then in a file without a name.
fn spooled(stream: impl Read) -> io::Result<impl Read + Seek> {
    let mut kept = tempfile::spooled_tempfile(IN_MEMORY);
    if io::copy(&mut stream.take(LARGEST), &mut kept)? == LARGEST {
        return Err(io::Error::other("a zip archive of more than 4 GiB in another one; unpack it"));
    }
    kept.seek(SeekFrom::Start(0))?;
    Ok(kept)
}

/// A member while it is read.
struct Member<'a> {
    from: &'a mut Receiver<Piece>,
    ended: bool,
    rest: Vec<u8>,
    at: usize,
}

impl Read for Member<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.rest.len() {
            if self.ended {
                return Ok(0);
            }
            match self.from.recv() {
                Ok(Piece::Part(part)) => (self.rest, self.at) = (part, 0),
                Ok(Piece::End(ended)) => {
                    self.ended = true;
                    ended?;
                }
                Ok(Piece::Begin(_)) | Err(_) => self.ended = true,
            }
        }
        let mut rest = self.rest.get(self.at..).unwrap_or_default();
        let read = rest.read(to)?;
        self.at += read;
        Ok(read)
    }
}
