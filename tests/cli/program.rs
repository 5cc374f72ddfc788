//! The only way to the executable.
//!
//! [`outside`] runs it in this machine's own network and refuses the commands that send.
//! [`inside`] puts any command behind `lasthop lab`, which makes a network without a way out, and
//! runs nothing where it cannot. Both end what takes far too long.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_lasthop");
/// The commands that send: the first is refused wherever it stands in an argument.
const SENDS: &str = "probe";
const SENDS_TOO: &str = "ping";
/// Far longer than anything here takes.
const SECONDS: &str = "200";

/// The executable with arguments that send nothing.
pub(crate) fn outside(folder: &Path, arguments: &[&OsStr]) -> Command {
    let sends = |argument: &&OsStr| argument.as_encoded_bytes().windows(SENDS.len()).any(is_it);
    assert!(!arguments.iter().any(sends), "outside the lab: {arguments:?}");
    assert!(!arguments.contains(&SENDS_TOO.as_ref()), "outside the lab: {arguments:?}");
    let mut command = bounded(folder);
    command.arg(EXECUTABLE).args(arguments);
    command
}

/// The executable with `--help` behind these arguments, which are none of those of a command that sends.
pub(crate) fn help(folder: &Path, arguments: &[String]) -> Command {
    let sends = arguments.iter().any(|word| [SENDS, SENDS_TOO, "--"].contains(&word.as_str()));
    assert!(!sends, "outside the lab: {arguments:?}");
    let mut command = bounded(folder);
    command.arg(EXECUTABLE).args(arguments).arg("--help");
    command
}

/// [`outside`] without anything around it, so that whoever kills it kills the program itself.
pub(crate) fn outside_alone(folder: &Path, arguments: &[&OsStr]) -> Command {
    let bounded = outside(folder, arguments);
    let mut command = Command::new(EXECUTABLE);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    let values = bounded.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.envs(values);
    command
}

/// [`outside`] without the capability to read what permissions forbid, which root has.
pub(crate) fn outside_without_rights(folder: &Path, arguments: &[&OsStr]) -> Command {
    const BARE: &str = "if [ \"$(id -u)\" = 0 ]; then \
        exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"; else exec \"$@\"; fi";
    let outside = outside(folder, arguments);
    let mut command = bounded(folder);
    // Behind the options of `timeout`.
    command.args(["sh", "-c", BARE, "sh"]).args(outside.get_args().skip(2));
    command
}

/// `unshare`, to which arguments may be added: a namespace without a network, for a script.
pub(crate) fn shell(folder: &Path) -> Command {
    let mut command = bounded(folder);
    // An ordinary user needs a user namespace for that.
    let script =
        "if [ \"$(id -u)\" = 0 ]; then exec unshare -n \"$@\"; else exec unshare -rn \"$@\"; fi";
    command.args(["sh", "-c", script, "sh"]);
    command
}

/// `lasthop lab` with these arguments, which sends nothing outside a network of its own.
pub(crate) fn lab(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = bounded(folder);
    command.args([EXECUTABLE, "lab"]).args(arguments);
    command
}

/// The same where nobody may have a namespace; where that cannot be brought about, it is so already.
pub(crate) fn lab_without_namespaces(folder: &Path, arguments: &[&str]) -> Command {
    const LIMITED: &str = "if unshare --user --map-root-user true 2> /dev/null; then \
        exec unshare --user --map-root-user sh -c 'cd /proc/sys/user && \
            echo 0 > max_user_namespaces && echo 0 > max_net_namespaces && \
            cd \"$OLDPWD\" && exec \"$LASTHOP\" lab \"$@\"' sh \"$@\"; \
        fi; exec \"$LASTHOP\" lab \"$@\"";
    let mut command = bounded(folder);
    command.args(["sh", "-c", LIMITED, "sh"]).args(arguments);
    command
}

/// `program`, to which arguments may be added, inside the lab of `scenario`.
pub(crate) fn inside(folder: &Path, scenario: &str, program: &OsStr) -> Command {
    let mut command = bounded(folder);
    command.args([EXECUTABLE, "lab", "--scenario", scenario, "--"]).arg(program);
    command
}

/// A copy of the executable inside the lab, all by an ordinary user.
pub(crate) fn inside_for_nobody(folder: &Path, scenario: &str) -> Command {
    let copy = folder.join("lasthop");
    fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("a folder for all");
    fs::copy(EXECUTABLE, &copy).expect("a program for all");
    let mut command = bounded(folder);
    command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    command.arg(&copy).args(["lab", "--scenario", scenario, "--"]).arg(&copy);
    command
}

/// The executable's name, as an argument to what runs [`inside`].
pub(crate) fn name() -> &'static OsStr {
    EXECUTABLE.as_ref()
}

/// Where the system's tools are, also the administrator's.
pub(crate) fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn is_it(letters: &[u8]) -> bool {
    letters == SENDS.as_bytes()
}

/// In a folder of its own, with no configuration but the one that is built in, without a terminal.
fn bounded(folder: &Path) -> Command {
    let folder = folder.canonicalize().expect("the test's folder");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS]);
    command.env("PATH", path()).env("HOME", &folder).env("LASTHOP", EXECUTABLE);
    command.env_remove("XDG_CONFIG_HOME").env_remove("COLUMNS").env("LC_ALL", "C.UTF-8");
    command.current_dir(&folder).stdin(Stdio::null());
    command
}

#[test]
#[should_panic(expected = "outside the lab")]
fn so_is_the_other_one() {
    outside(Path::new("."), &["-q".as_ref(), SENDS_TOO.as_ref()]);
}

#[test]
#[should_panic(expected = "outside the lab")]
fn the_command_that_sends_is_refused_outside() {
    outside(Path::new("."), &["--quiet".as_ref(), SENDS.as_ref(), "175.45.176.1".as_ref()]);
}
