//! Shell commands that stand in a text before what they printed, as in a copy of a terminal.

use std::net::Ipv4Addr;

/// Programs that trace routes.
const PROGRAMS: [&str; 6] =
    ["traceroute", "tracert", "tracepath", "mtr", "tcptraceroute", "inetutils-traceroute"];

/// The address that a command in `line` has such a program trace, as in `$ traceroute -n 192.0.2.1` or
/// `C:\>tracert 192.0.2.1`.
pub(super) fn traced_by_command(line: &str) -> Option<Ipv4Addr> {
    let mut words = line.split_whitespace();
    words.find(|word| is_program(word))?;
    let mut target = None;
    while let Some(word) = words.next() {
        match word {
            // What follows is the address to send from, or one to pass through.
            "-s" | "-S" | "-g" | "--address" => drop(words.next()),
            _ => target = word.parse().ok().or(target),
        }
    }
    target
}

fn is_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\', '>', '$', '#', '%']).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    PROGRAMS.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_is_the_one_that_is_traced() {
        for line in [
            "$ traceroute -n 175.45.176.8",
            "C:\\Users\\kim>tracert -d 175.45.176.8",
            "PS C:\\> C:\\Windows\\system32\\TRACERT.EXE 175.45.176.8",
            "root@host:~# /usr/sbin/traceroute -s 10.0.0.1 175.45.176.8 60",
            "host# sudo mtr --report -n 175.45.176.8",
        ] {
            assert_eq!(traced_by_command(line), Some(Ipv4Addr::new(175, 45, 176, 8)), "{line}");
        }
        for line in ["$ traceroute example.kp", "$ ping 175.45.176.8", "traceroute", ""] {
            assert_eq!(traced_by_command(line), None, "{line}");
        }
    }
}
