//! Which files can be opened, confined by Landlock (`landlock(7)`). Files that are open stay open.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AddRuleError, AddRulesError, BitFlags, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use nix::errno::Errno;

use super::super::wanted::{Files, Written};

/// What the program knows of the kernel's rights: those of newer ones are not asked for.
const KNOWN: ABI = ABI::V6;
/// How many links may lead to each other.
const MOST_LINKS: usize = 40;

/// Confines this thread and those that it begins to `files`, for good. What is not there is left out. Returns whether the
/// kernel does it.
///
/// # Errors
/// When a rule cannot be made.
pub fn confine_files(files: &Files) -> io::Result<bool> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))
        .and_then(|rules| rules.scope(Scope::from_all(KNOWN)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    let file = AccessFs::WriteFile | AccessFs::ReadFile | AccessFs::Truncate;
    let all = file | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::ReadDir;
    let mut rules = rules;
    let read = files.read.iter().flat_map(|path| with_links(path));
    for path in read.chain(files.system.iter().cloned()) {
        allow(&mut rules, &path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for (path, written) in &files.written {
        let about = path.metadata();
        // A device or a pipe is written to; what is beside it is not.
        let device = about.as_ref().is_ok_and(|about| !about.is_file());
        allow(&mut rules, path, if device { file | AccessFs::IoctlDev } else { file })?;
        // One that is new, or as good as new, is removed again where nothing is written to it.
        let is_new = about.map_or(true, |about| about.len() == 0);
        let beside = in_folder(*written, is_new);
        if !device && !beside.is_empty() {
            allow(&mut rules, folder_of(&led_to(path)), beside)?;
        }
    }
    for folder in &files.own {
        allow(&mut rules, folder, all | AccessFs::MakeDir)?;
    }
    if let Some(folder) = &files.temporary {
        allow(&mut rules, folder, file | AccessFs::MakeReg | AccessFs::RemoveFile)?;
    }
    let status = rules.restrict_self().map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// What the folder of a file needs, beside the rights to the file. Landlock knows no names: what may be written is any file
/// in it. None of them may be read.
fn in_folder(written: Written, is_new: bool) -> BitFlags<AccessFs> {
    let makes = AccessFs::MakeReg | AccessFs::WriteFile;
    // A folder is opened to make sure that it knows its files.
    let synced = makes | AccessFs::ReadDir;
    match (written, is_new) {
        (Written::InPlace, false) => BitFlags::EMPTY,
        (Written::InPlace, true) => makes | AccessFs::Truncate | AccessFs::RemoveFile,
        (Written::Grown, false) => synced | AccessFs::Truncate,
        (Written::Grown, true) => synced | AccessFs::Truncate | AccessFs::RemoveFile,
        // A name that another file gets is removed from the one before.
        (Written::Replaced, _) => synced | AccessFs::RemoveFile,
    }
}

/// Allows `access` to `path` and what is in it, where it is there.
fn allow(rules: &mut RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> io::Result<()> {
    let Ok(held) = PathFd::new(path) else { return Ok(()) };
    // Rights to folders alone are none to a file.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
    match rules.add_rule(PathBeneath::new(held, access)) {
        Err(RulesetError::AddRules(AddRulesError::Fs(AddRuleError::AddRuleCall {
            source,
            ..
        }))) if source.raw_os_error() == Some(Errno::EBADFD as i32) => {
            // A pipe without a name, which needs no rule.
            Ok(())
        }
        added => added.map(|_| ()).map_err(io::Error::other),
    }
}

/// A path; where it is a folder also the files elsewhere that links in it lead to, as a walk follows them.
fn with_links(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    let mut open = if path.is_dir() { vec![path.to_owned()] } else { Vec::new() };
    while let Some(folder) = open.pop() {
        // What cannot be read is reported by the walk.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_symlink() && entry.path().is_file() {
                all.push(entry.path());
            }
        }
    }
    all
}

/// Where links lead, also to what is not there yet.
fn led_to(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(to) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(to);
    }
    path
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
