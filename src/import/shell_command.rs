//! Shell commands that stand in a text before what they printed, as in a copy of a terminal.

use super::text_trace::Destination;
use super::values::Address;

/// Programs that trace routes.
pub(super) const PROGRAMS: [&str; 12] = [
    "traceroute",
    "traceroute4",
    "tracert",
    "tracepath",
    "mtr",
    "tcptraceroute",
    "inetutils-traceroute",
    "paris-traceroute",
    "nexttrace",
    "besttrace",
    "lft",
    "trace",
];

/// Words that may stand before a program.
const BEFORE: [&str; 7] = ["sudo", "doas", "time", "busybox", "/tool", "tool", "run"];

/// Options that an address follows which is not the one that is traced.
const OTHER_ADDRESS: [&str; 7] = ["-s", "-S", "-g", "-a", "--address", "--source", "source"];

/// Where a command in `line` has such a program trace to, as in `$ traceroute -n 192.0.2.1` or
/// `C:\>tracert 192.0.2.1`; nothing where there is no such command.
pub(super) fn traced_by_command(line: &str) -> Option<Destination> {
    if line.len() > LONGEST {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = words.iter().position(|word| is_program(word))?;
    let has_prompt = words[..place].iter().any(|word| is_prompt_end(word))
        || words[place].trim_end_matches(is_of_name).ends_with(['>', '$', '#', '%']);
    let is_first = words[..place].iter().all(|word| BEFORE.contains(word));
    if !has_prompt && !is_first {
        return None;
    }
    if words.len() == place + 1 {
        return None;
    }
    let mut destination = None;
    let mut strange = 0;
    let mut rest = words[place + 1..].iter();
    while let Some(word) = rest.next() {
        if OTHER_ADDRESS.contains(word) {
            rest.next();
        } else if matches!(*word, "|" | ">" | ">>" | "2>&1" | "&&" | ";" | "&" | "#") {
            break;
        } else {
            let word = word.strip_prefix("address=").unwrap_or(word);
            let is_argument = word.starts_with(['-', '/']) || word.parse::<u32>().is_ok();
            if let Some(address) = Address::parse(word) {
                destination = Some(Destination::from(address));
            } else if !is_argument && !word.contains(['.', '=', ':']) {
                strange += 1;
            }
        }
    }
    match destination {
        _ if strange > 2 => None,
        Some(destination) => (has_prompt || strange <= 1).then_some(destination),
        None => has_prompt.then_some(Destination::Name),
    }
}

/// The longest command that is looked at.
const LONGEST: usize = 500;

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '\\' | ':' | '_')
}

fn is_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\', '>', '$', '#', '%']).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    PROGRAMS.contains(&name.strip_suffix(".exe").unwrap_or(&name))
}

fn is_prompt_end(word: &str) -> bool {
    word.ends_with(['$', '#', '>', '%', '❯', '➜'])
}

/// Whether `line` begins with a shell's or a router's prompt, behind which something else was asked for.
pub(super) fn is_prompt(line: &str) -> bool {
    let Some(first) = line.split_whitespace().next() else { return false };
    if first == "#" {
        // Comments begin so as well; a command begins with a small letter or a path.
        let command = line.trim_start().strip_prefix("# ").unwrap_or_default();
        return command.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '.' | '/'));
    }
    if matches!(first, "$" | "%" | "❯" | "➜" | "PS") {
        return true;
    }
    let Some(end) = line.find(['$', '#', '>', '%']) else { return false };
    let before = &line[..end];
    let is_drive =
        before.len() >= 2 && before.as_bytes()[1] == b':' && line[end..].starts_with('>');
    let has_host = before.contains('@') || before.contains(":~");
    let words = before.split_whitespace().count();
    is_drive || has_host && words <= 3 || words == 1 && end > 0 && is_router_prompt(line, end)
}

/// `router#show`, `<router>ping`, `router>`.
fn is_router_prompt(line: &str, end: usize) -> bool {
    let name = line[..end].trim_start_matches('<');
    let is_name =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '(' | ')' | '.' | '/');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let after = &line[end + 1..];
    starts
        && name.chars().all(is_name)
        && !after.starts_with(char::is_whitespace)
        && !line[end..].starts_with('%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_is_the_one_that_is_traced() {
        for line in [
            "$ traceroute -n 175.45.176.8",
            "traceroute -n 175.45.176.8 | tee log",
            "C:\\Users\\kim>tracert -d 175.45.176.8",
            "PS C:\\> C:\\Windows\\system32\\TRACERT.EXE 175.45.176.8",
            "root@host:~# /usr/sbin/traceroute -s 10.0.0.1 175.45.176.8 60",
            "host# sudo mtr --report -n 175.45.176.8",
            "router#traceroute 175.45.176.8 source 10.0.0.1",
            "<HUAWEI> tracert 175.45.176.8",
            "[admin@MikroTik] > /tool traceroute address=175.45.176.8",
        ] {
            let address = Destination::Address([175, 45, 176, 8].into());
            assert_eq!(traced_by_command(line), Some(address), "{line}");
        }
        assert_eq!(traced_by_command("$ traceroute example.kp"), Some(Destination::Name));
        for line in [
            "$ ping 175.45.176.8",
            "traceroute",
            "",
            "I ran traceroute 175.45.176.8 from home",
            "traceroute shows that the way to 175.45.176.8 is long",
        ] {
            assert_eq!(traced_by_command(line), None, "{line}");
        }
    }

    #[test]
    fn prompts_are_known() {
        for line in [
            "$ ping x",
            "user@ubuntu:~$ whois 10.0.0.1",
            "C:\\>ping x",
            "router#show ip route",
            "root@box:/# ls",
            "[admin@MikroTik] > /ip route print",
            "<HUAWEI>display version",
            "$",
        ] {
            assert!(is_prompt(line), "{line}");
        }
        for line in [
            "From the office:",
            "1 50% of the packets",
            " 1  10.0.0.1  1 ms",
            "a -> b",
            "10% of them",
            "",
        ] {
            assert!(!is_prompt(line), "{line}");
        }
    }
}
