//! The system's own tools, also where the administrator's folders are not on the path.

use std::env;
use std::process::Command;

pub(super) fn tool(program: &str) -> Command {
    let path = env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}
