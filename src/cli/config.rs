//! Which targets.toml a command uses.

use std::path::{Path, PathBuf};

use crate::targets::{Targets, TargetsError};

use super::common::Common;

/// The configuration that was given, else the first one found, else the built-in one.
pub(super) fn targets(common: &Common) -> Result<Targets, TargetsError> {
    match path(common) {
        Some(path) => {
            common.info(|| format!("configuration: {}", path.display()));
            Targets::read(&path)
        }
        None => Targets::built_in(),
    }
}

/// The file that [`targets`] reads, unless it is the copy built in.
pub(super) fn path(common: &Common) -> Option<PathBuf> {
    common.config.clone().or_else(found)
}

fn found() -> Option<PathBuf> {
    let here = Some(PathBuf::from("targets.toml"));
    [here, users_own()].into_iter().flatten().find(|path| path.is_file())
}

fn users_own() -> Option<PathBuf> {
    let folder = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let config = folder("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| folder("HOME").map(|home| Path::new(&home).join(".config")))?;
    Some(config.join("lasthop/targets.toml"))
}
