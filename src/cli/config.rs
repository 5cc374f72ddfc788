//! Which targets.toml a command uses.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::targets::{Targets, TargetsError};

use super::common::Common;

/// The configuration that was given, else the first one found, else the built-in one.
pub(super) fn targets(common: &Common) -> Result<Targets, TargetsError> {
    if common.config.is_none()
        && let Some(why) = distrusted(Path::new(HERE))
    {
        common.warn(&format!("./{HERE} is passed over, since {why}; -c {HERE} reads it"));
    }
    match path(common) {
        Some(path) => {
            common.warn(&format!("configuration: {}", path.display()));
            let targets = Targets::read(&path)?;
            let (block, usual) = (targets.block.prefix, Targets::built_in()?.block.prefix);
            if block != usual {
                common.error(&format!("{}: the block is {block}, not {usual}", path.display()));
            }
            Ok(targets)
        }
        None => Targets::built_in(),
    }
}

/// The file that [`targets`] reads, unless it is the copy built in.
pub(super) fn path(common: &Common) -> Option<PathBuf> {
    common.config.clone().or_else(found)
}

fn found() -> Option<PathBuf> {
    let here = Some(PathBuf::from(HERE)).filter(|path| distrusted(path).is_none());
    [here, users_own()].into_iter().flatten().find(|path| path.is_file())
}

/// The name of a configuration in the present folder.
const HERE: &str = "targets.toml";

/// Why the configuration in the present folder is not read unasked, if it is there: it says where packets go, and who
/// runs the program in a folder of others' must not be led by them.
fn distrusted(path: &Path) -> Option<String> {
    let (link, file) = (path.symlink_metadata().ok()?, path.metadata().ok()?);
    if !file.is_file() {
        return None;
    }
    let user = geteuid().as_raw();
    if let Some(other) = [link.uid(), file.uid()].into_iter().find(|owner| *owner != user) {
        return Some(format!("it belongs to somebody else (user {other})"));
    }
    // Many systems give every user a group of their own, of the same number.
    let may_be_written =
        |it: &Metadata| it.mode() & if it.gid() == user { 0o002 } else { 0o022 } != 0;
    if may_be_written(&file) {
        return Some("others may write to it".to_owned());
    }
    // In a folder such as /tmp others may add files, and not replace this one.
    let folder = Path::new(".").metadata().ok()?;
    let is_sticky = folder.mode() & 0o1000 != 0;
    (may_be_written(&folder) && !is_sticky).then(|| "others may write to its folder".to_owned())
}

fn users_own() -> Option<PathBuf> {
    let folder = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let config = folder("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| folder("HOME").map(|home| Path::new(&home).join(".config")))?;
    Some(config.join("lasthop/targets.toml"))
}
