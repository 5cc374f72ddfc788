//! Which files can be opened, confined by Landlock (`landlock(7)`). Files that are open stay open.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AddRuleError, AddRulesError, BitFlags, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use nix::errno::Errno;

use super::super::wanted::Files;

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
    let kept = file | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::ReadDir;
    let mut rules = rules;
    for path in files.read.iter().flat_map(|path| with_links(path)) {
        allow(&mut rules, &path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for path in &files.written {
        match path.metadata() {
            // A device or a pipe is written to; what is beside it is not.
            Ok(about) if !about.is_file() => allow(&mut rules, path, file | AccessFs::IoctlDev)?,
            _ => allow(&mut rules, folder_of(&led_to(path)), kept)?,
        }
    }
    if let Some(folder) = &files.temporary {
        allow(&mut rules, folder, file | AccessFs::MakeReg | AccessFs::RemoveFile)?;
    }
    let status = rules.restrict_self().map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
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
