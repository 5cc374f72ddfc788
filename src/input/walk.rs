//! Everything that is in a file: in a folder its files, in an archive its members, and so on within those.
//!
//! Whoever walks gets one input after the other, each with its name: a path, and for members of archives
//! `archive:member`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::plain_text::plain;

use super::archive::{self, Archive, Kind};
use super::budget::Budget;
use super::html;
use super::open::{Opened, unpacked};

/// How deep archives may be packed into each other.
const DEEPEST_ARCHIVE: usize = 3;
/// How deep folders may stand in each other.
const DEEPEST_FOLDER: usize = 64;

/// What a walk comes upon.
pub struct Visit<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether a user named it, and not a folder or an archive that it is in.
    pub is_named: bool,
    /// What it is.
    pub found: Found<'a>,
}

/// What is at one place of a walk.
pub enum Found<'a> {
    /// Something to read.
    Input(Opened<'a>),
    /// Something that cannot be read.
    Failed(io::Error),
    /// A file that was read under another name.
    ReadBefore(&'a str),
    /// Something that is not looked into, and why.
    PassedOver(&'static str),
}

/// A walk through files that a user named.
#[derive(Debug, Default)]
pub struct Walk {
    /// The files that were opened, by device and number.
    seen: HashMap<(u64, u64), String>,
}

impl Walk {
    /// Shows everything that is in `path` to `visit`; `-` is stdin.
    pub fn through(&mut self, path: &Path, visit: &mut dyn FnMut(Visit<'_>)) {
        let name = shown(&path.display().to_string());
        if path == Path::new("-") {
            let budget = Budget::default();
            let stdin = Source::Stream(Box::new(budget.of_source(io::stdin())));
            return Inside { budget, visit }.look(&name, true, stdin, 0);
        }
        self.path(path, &name, true, 0, visit);
    }

    fn path(
        &mut self,
        path: &Path,
        name: &str,
        is_named: bool,
        depth: usize,
        visit: &mut dyn FnMut(Visit<'_>),
    ) {
        let failed = |error| Visit { name, is_named, found: Found::Failed(error) };
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) => return visit(failed(error)),
        };
        if about.is_dir() {
            return self.folder(path, name, depth, visit);
        }
        if about.is_file() {
            let place = (about.dev(), about.ino());
            if let Some(before) = self.seen.get(&place) {
                return visit(Visit { name, is_named, found: Found::ReadBefore(before) });
            }
            self.seen.insert(place, name.to_owned());
        } else if !is_named {
            let found = Found::PassedOver("no regular file");
            return visit(Visit { name, is_named, found });
        }
        match File::open(path) {
            Ok(file) => {
                Inside { budget: Budget::default(), visit }.look(
                    name,
                    is_named,
                    Source::File(file),
                    0,
                );
            }
            Err(error) => visit(failed(error)),
        }
    }

    fn folder(&mut self, path: &Path, name: &str, depth: usize, visit: &mut dyn FnMut(Visit<'_>)) {
        let is_named = false;
        let entries = match entries(path) {
            Ok(entries) => entries,
            Err(error) => return visit(Visit { name, is_named, found: Found::Failed(error) }),
        };
        for entry in entries {
            let name = shown(&entry.display().to_string());
            match why_passed_over(&entry, depth) {
                Some(why) => {
                    visit(Visit { name: &name, is_named, found: Found::PassedOver(why) });
                }
                None => self.path(&entry, &name, is_named, depth + 1, visit),
            }
        }
    }
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable();
    Ok(entries)
}

/// Why a walk does not look into an entry of a folder that is so deep.
fn why_passed_over(entry: &Path, depth: usize) -> Option<&'static str> {
    let is_folder = entry.is_dir();
    if entry.file_name().is_some_and(|name| is_hidden(&name.to_string_lossy())) {
        Some("hidden")
    } else if is_folder && entry.is_symlink() {
        Some("a link to a folder")
    } else if is_folder && depth >= DEEPEST_FOLDER {
        Some("too deep")
    } else {
        None
    }
}

/// The files in a folder and in those within it, without opening any. They are those that a walk visits. A folder that
/// cannot be read is among them: a walk says why.
#[must_use]
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = entries(&folder) else {
            files.push(folder);
            continue;
        };
        for entry in entries {
            if why_passed_over(&entry, depth).is_some() {
                continue;
            }
            if entry.is_dir() {
                open.push((entry, depth + 1));
            } else {
                files.push(entry);
            }
        }
    }
    files.sort_unstable();
    files
}

/// Where an input is read from.
enum Source<'a> {
    /// A file, which can be read at any place.
    File(File),
    /// Anything else.
    Stream(Box<dyn Read + Send + 'a>),
}

/// What is inside one file.
struct Inside<'v> {
    budget: Budget,
    visit: &'v mut dyn FnMut(Visit<'_>),
}

impl Inside<'_> {
    /// Looks into `source`, which is in so many archives.
    fn look(&mut self, name: &str, is_named: bool, source: Source<'_>, depth: usize) {
        let (stream, file): (Box<dyn Read + Send + '_>, _) = match source {
            Source::File(file) => match file.try_clone() {
                Ok(copy) => (Box::new(self.budget.of_source(copy)), Some(file)),
                Err(error) => return self.show(name, is_named, Found::Failed(error)),
            },
            Source::Stream(stream) => (stream, None),
        };
        let (opened, was_packed) = match unpacked(stream, &self.budget) {
            Ok(opened) => opened,
            Err(error) => return self.show(name, is_named, Found::Failed(error)),
        };
        let Some(kind) = Kind::of(&opened.head) else {
            let found = html::without_tags(opened).map_or_else(Found::Failed, Found::Input);
            return self.show(name, is_named, found);
        };
        if depth >= DEEPEST_ARCHIVE {
            let why = io::Error::other("archives are packed into each other too often; unpack it");
            return self.show(name, is_named, Found::Failed(why));
        }
        let archive = match (kind, file) {
            (Kind::Tar, _) => Ok(Archive::Tar(Box::new(opened.input))),
            (Kind::Zip, Some(file)) if !was_packed => self.at_any_place(file),
            (Kind::Zip, _) => Ok(Archive::Zip(Box::new(opened.input))),
        };
        let budget = self.budget.clone();
        let read = archive.and_then(|archive| {
            archive::members(archive, |member, content| {
                let name = format!("{name}:{}", shown(member));
                if member.split('/').any(is_hidden) {
                    return self.show(&name, false, Found::PassedOver("hidden"));
                }
                let content = Source::Stream(Box::new(budget.of_decoder(content)));
                self.look(&name, false, content, depth + 1);
            })
        });
        if let Err(error) = read {
            self.show(name, is_named, Found::Failed(error));
        }
    }

    /// A file that is read at any place counts as read.
    fn at_any_place<'a>(&self, file: File) -> io::Result<Archive<'a>> {
        self.budget.read(file.metadata()?.len());
        Ok(Archive::ZipFile(file))
    }

    fn show(&mut self, name: &str, is_named: bool, found: Found<'_>) {
        (self.visit)(Visit { name, is_named, found });
    }
}

fn is_hidden(name: &str) -> bool {
    name == "__MACOSX" || name.starts_with('.') && !matches!(name, "." | "..")
}

/// A name in which nothing can change a terminal.
fn shown(name: &str) -> String {
    plain(name).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use proptest::prelude::*;

    use super::*;

    /// The names of all inputs in `bytes`, each with its size or why it failed.
    fn walked(bytes: &[u8]) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let mut seen = Vec::new();
        let prefix = file.path().display().to_string();
        Walk::default().through(file.path(), &mut |visit| {
            let name = visit.name.strip_prefix(&prefix).unwrap_or(visit.name).to_owned();
            seen.push(match visit.found {
                Found::Input(mut opened) => match io::copy(&mut opened.input, &mut io::sink()) {
                    Ok(size) => format!("{name} {size}"),
                    Err(error) => format!("{name} {error}"),
                },
                Found::Failed(error) => format!("{name} {error}"),
                Found::ReadBefore(_) | Found::PassedOver(_) => name,
            });
        });
        seen
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(content).expect("packed");
        gzip.finish().expect("packed")
    }

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(*name, options).expect("packed");
            archive.write_all(content).expect("packed");
        }
        archive.finish().expect("packed").into_inner()
    }

    fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, content) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, *content).expect("packed");
        }
        archive.into_inner().expect("packed")
    }

    #[test]
    fn members_have_the_names_of_their_archives_before_theirs() {
        let long = "d/".repeat(90) + "long";
        let archive = tar(&[("a", b"123"), (&long, b"12"), ("z.zip", &zip(&[("b\n", b"1")]))]);
        let expected = [":a 3".to_owned(), format!(":{long} 2"), ":z.zip:b  1".to_owned()];
        assert_eq!(walked(&archive), expected);
        assert_eq!(walked(&gzip(&archive)), expected);
        assert_eq!(walked(b"123"), [" 3"]);
        assert_eq!(walked(&tar(&[("a.gz", &gzip(&gzip(b"12345")))])), [":a.gz 5"]);
    }

    #[test]
    fn what_unpacks_to_hundreds_of_times_its_size_is_not_read_on() {
        let zeros = vec![0; 96 << 20];
        let bomb = gzip(&zeros);
        let small = gzip(&bomb);
        for packed in
            [&small, &tar(&[("a", &small)]), &zip(&[("a", &small)]), &gzip(&zip(&[("a", &zeros)]))]
        {
            let seen = walked(packed);
            assert!(seen.len() == 1 && seen[0].contains("300 times"), "{seen:?}");
        }
        let members: Vec<_> =
            ["a", "b", "c"].iter().map(|name| (*name, &zeros[..32 << 20])).collect();
        let seen = walked(&gzip(&zip(&members)));
        assert!(seen.last().is_some_and(|last| last.contains("300 times")), "{seen:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damage_is_an_error_and_nothing_worse(
            kind in 0_usize..5,
            cut in 0_usize..6000,
            at in 0_usize..6000,
            byte: u8,
        ) {
            let text = (0..900_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
            let members = [("a", &text[..]), ("b", &text[..900])];
            let mut bytes = match kind {
                0 => tar(&members),
                1 => zip(&members),
                2 => gzip(&tar(&members)),
                3 => tar(&[("z", &zip(&members)), ("g", &gzip(&text))]),
                _ => include_bytes!("../../tests/fixtures/packed/trace.txt.xz").to_vec(),
            };
            bytes.truncate(cut.max(1));
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
            walked(&bytes);
        }
    }
}
