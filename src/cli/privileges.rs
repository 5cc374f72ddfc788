//! Giving up what is no longer needed: once the sockets are open, nothing that arrives on them is
//! read with any privilege left.

use anyhow::Context;
use caps::CapSet;
use nix::sys::prctl;

/// Gives up all capabilities, and the way to regain any, for good.
pub(super) fn give_up() -> anyhow::Result<()> {
    prctl::set_no_new_privs().context("prctl(PR_SET_NO_NEW_PRIVS)")?;
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        caps::clear(None, set).with_context(|| format!("giving up the {set:?} capabilities"))?;
    }
    Ok(())
}
