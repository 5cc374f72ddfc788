//! Files that a command writes, checked before it writes any: none is read by the same command, no two are the
//! same file, and none that would be replaced holds another of the program's tables. What is the same file show
//! device and inode, however it is spelled or linked.

use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;

use crate::columns::Table;
use crate::history::held_table;
use crate::output::{sync_folder_of, torn};

use super::stdout;

/// A file that a command reads, by the option or the argument that names it. `-` is stdin.
pub(super) type Input<'a> = (&'a str, &'a Path);

/// A file that a command is about to write. `-` is stdout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output<'a> {
    option: &'a str,
    path: &'a Path,
    becomes: Becomes,
}

/// What becomes of what is in a file already.
#[derive(Debug, Clone, Copy)]
enum Becomes {
    /// It stays.
    Kept,
    /// It is replaced by rows of this table, or by what is no table.
    Replaced(Option<&'static Table>),
}

impl<'a> Output<'a> {
    /// A file that only grows, or is only locked.
    fn kept(option: &'a str, path: &'a Path) -> Self {
        Self { option, path, becomes: Becomes::Kept }
    }

    /// A file that gets rows of `table` in the place of what is in it.
    pub(super) fn rows(option: &'a str, path: &'a Path, table: &'static Table) -> Self {
        Self { option, path, becomes: Becomes::Replaced(Some(table)) }
    }

    /// A file that gets a text in the place of what is in it.
    pub(super) fn text(option: &'a str, path: &'a Path) -> Self {
        Self { option, path, becomes: Becomes::Replaced(None) }
    }
}

/// [`check`] for a run: its inputs, its lock, the history that it adds rows to, with the torn rows beside it,
/// and the tables that it writes anew; each where it is named.
pub(super) fn check_run(
    inputs: &[(&str, Option<&Path>)],
    lock: Option<&Path>,
    append: Option<&Path>,
    replaced: &[(&str, Option<&Path>, &'static Table)],
) -> anyhow::Result<()> {
    let inputs: Vec<_> = inputs.iter().filter_map(|(name, path)| Some((*name, (*path)?))).collect();
    let torn = append.map(torn);
    let kept = [
        lock.map(|path| Output::kept("--lock", path)),
        append.map(|path| Output::kept("--append", path)),
        torn.as_deref().map(|path| Output::kept("the torn rows of --append", path)),
    ];
    let replaced =
        replaced.iter().map(|(option, path, table)| Some(Output::rows(option, (*path)?, table)));
    check(&inputs, &kept.into_iter().chain(replaced).flatten().collect::<Vec<_>>())
}

/// Refuses the first output that would destroy something. stdout is an output of every command.
pub(super) fn check(inputs: &[Input<'_>], outputs: &[Output<'_>]) -> anyhow::Result<()> {
    let stdout = place(Path::new("/dev/stdout"));
    for (input, path) in inputs {
        if is_same(stdout.as_ref(), place_of_input(path).as_ref()) {
            let path = path.display();
            anyhow::bail!(
                "{path} is read as {input}, and stdout leads to it too: a shell empties such a file before \
                 this program begins; send the output to another file"
            );
        }
    }
    for (number, output) in outputs.iter().enumerate() {
        let Output { option, path, .. } = *output;
        let here = place(path);
        let path = path.display();
        for (input, read) in inputs {
            if is_same(here.as_ref(), place_of_input(read).as_ref())
                || is_inside(here.as_ref(), read)
            {
                anyhow::bail!(
                    "{path} is read as {input}, and {option} would write to it; name another file"
                );
            }
        }
        for before in outputs.iter().take(number) {
            let other = before.option;
            if is_stdout(output.path) && is_stdout(before.path) {
                anyhow::bail!("{other} and {option} cannot both go to stdout; give one a file");
            }
            if is_same(here.as_ref(), place(before.path).as_ref()) {
                anyhow::bail!(
                    "{path} is named by {other} and {option}; give each a file of its own"
                );
            }
        }
        if !is_stdout(output.path) && is_same(here.as_ref(), stdout.as_ref()) {
            anyhow::bail!("{path} is named by {option} and stdout; give each a file of its own");
        }
    }
    outputs.iter().try_for_each(check_table)
}

/// Whether a path is stdout, which then gets what the option writes and nothing else.
pub(super) fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path.as_os_str() == *name)
}

/// Refuses a file that holds another of the program's tables.
fn check_table(output: &Output<'_>) -> anyhow::Result<()> {
    let Becomes::Replaced(with) = output.becomes else { return Ok(()) };
    let is_file = output.path.metadata().is_ok_and(|about| about.is_file());
    let held = if is_file && !is_stdout(output.path) { held_table(output.path) } else { None };
    let Some(held) = held.filter(|held| with.is_none_or(|with| with.name != *held)) else {
        return Ok(());
    };
    let (path, option) = (output.path.display(), output.option);
    let instead = if held == "summary" || held == "counts" {
        "; rows are added to it by --append"
    } else {
        ""
    };
    anyhow::bail!(
        "{path}:1: by its header it holds the table `{held}`, which {option} would replace; name another file{instead}"
    )
}

/// Where a file is, or where it would be made.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A file, by its device and inode.
    File(u64, u64),
    /// A name in a folder.
    New(u64, u64, OsString),
}

/// A pipe or a device such as /dev/null is no place: it may be written to from all sides.
fn place(path: &Path) -> Option<Place> {
    const MOST_LINKS: usize = 40;
    let mut path = if path.as_os_str() == "-" { "/dev/stdout".into() } else { path.to_owned() };
    for _ in 0..MOST_LINKS {
        if let Ok(about) = path.metadata() {
            return about.is_file().then(|| Place::File(about.dev(), about.ino()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        // A link that leads to nothing yet leads to where the file will be.
        if let Ok(to) = fs::read_link(&path) {
            path = folder.join(to);
            continue;
        }
        let about = folder.metadata().ok()?;
        return Some(Place::New(about.dev(), about.ino(), path.file_name()?.to_owned()));
    }
    None
}

fn place_of_input(path: &Path) -> Option<Place> {
    let path = if path.as_os_str() == "-" { Path::new("/dev/stdin") } else { path };
    place(path).filter(|place| matches!(place, Place::File(..)))
}

/// Whether a file is in a folder that is read, or in a folder of that.
fn is_inside(place: Option<&Place>, folder: &Path) -> bool {
    let Some(Place::File(..)) = place else { return false };
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        if is_folder { is_inside(place, &path) } else { self::place(&path).as_ref() == place }
    })
}

fn is_same(one: Option<&Place>, other: Option<&Place>) -> bool {
    one.is_some() && one == other
}

/// Writes a text that others may read at any time: a file is replaced in one go, or not at all.
pub(super) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    write_bytes(path, text.as_bytes())
}

/// The same, of a file that is no text.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if is_stdout(path) {
        return stdout::write(|out| out.write_all(bytes));
    }
    let is_open_to_all = path.metadata().is_ok_and(|about| !about.is_file());
    let written = if is_open_to_all {
        let device = OpenOptions::new().write(true).open(path);
        device.and_then(|mut device| device.write_all(bytes))
    } else {
        replace(path, |out| out.write_all(bytes))
    };
    written.with_context(|| path.display().to_string())
}

/// Gives `path` what `write` writes, in one go, or on failure leaves it as it is. A link stays, and the file that it
/// leads to is replaced. Others may read a file that is new.
pub(super) fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    const READ_BY_ALL: u32 = 0o644;
    const OWN: u32 = 0o600;
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mode = path.metadata().map_or(READ_BY_ALL, |about| about.mode() & 0o777);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // It is not read back: that would need the right to read all that is in the folder.
    let make = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(OWN).open(path);
    let mut file = tempfile::Builder::new().prefix(".lasthop-").make_in(folder, make)?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(sync_folder_of(&path)?)
}
