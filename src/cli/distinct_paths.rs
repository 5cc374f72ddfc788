//! Distinct paths: files that a user names for different purposes must be different files, else one
//! would overwrite the other.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, absolute};

/// Refuses the first file that is named twice; `files` are options and what was given to them.
pub(super) fn distinct(files: &[(&str, Option<&Path>)]) -> anyhow::Result<()> {
    let named = files.iter().filter_map(|(option, path)| Some((*option, (*path)?)));
    let mut before: Vec<(&str, &Path)> = Vec::new();
    for (option, path) in named {
        if let Some((other, _)) = before.iter().find(|(_, other)| same(other, path)) {
            let path = path.display();
            anyhow::bail!("{path} is named by {other} and {option}; give each a file of its own");
        }
        before.push((option, path));
    }
    Ok(())
}

/// A device such as /dev/null may be written to from all sides.
fn same(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => one.is_file() && place(&one) == place(&other),
        (Err(_), Err(_)) => absolute(one).ok() == absolute(other).ok(),
        _ => false,
    }
}

fn place(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}
