//! Giving up what is no longer needed: once the sockets are open, nothing that arrives on them is
//! read with any privilege left.

use std::io;

use caps::CapSet;
use nix::sys::prctl;

/// Gives up all capabilities of this thread, and the way to regain any, for good.
///
/// # Errors
/// When the system refuses; the error says which call.
pub fn give_up_privileges() -> io::Result<()> {
    prctl::set_no_new_privs()
        .map_err(|errno| io::Error::other(format!("prctl(PR_SET_NO_NEW_PRIVS): {errno}")))?;
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        caps::clear(None, set).map_err(|error| {
            io::Error::other(format!("giving up the {set:?} capabilities: {error}"))
        })?;
    }
    Ok(())
}
