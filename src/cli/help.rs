//! What the help and the man page of each command show behind its options: examples, and its exit codes.
//!
//! Codes and their meanings stand here once; a command names those that it can end with.

use clap::Command;

/// As wide as the narrowest usual terminal.
const WIDTH: usize = 80;

/// What an exit code means.
const EXITS: [(u8, &str); 10] = [
    (0, "done: something was classified, found or reported"),
    (1, "nothing could be classified, no target is alive, no holder is known, or there is no run"),
    (2, "bad usage, configuration or input, or output could not be written"),
    (3, "no permission"),
    (4, "another run holds the lock"),
    (5, "report --fail-on-change, bgp --fail-on: something changed or differs"),
    (6, "a service refused, or did not answer"),
    (7, "a measurement of a service is not finished; resume goes on"),
    (8, "no way out: nothing outside the vantage's own network answers, or there is no route"),
    (130, "interrupted; what was measured has been written"),
];

/// What stands behind the options of a command.
pub(super) struct AfterHelp {
    /// The names of the command below the program.
    command: &'static [&'static str],
    /// Commands, and what they do.
    pub(super) examples: &'static [(&'static str, &'static str)],
    exits: &'static [u8],
}

const AFTER_HELPS: [AfterHelp; 13] = [
    AfterHelp {
        command: &[],
        examples: &[
            ("lasthop lab", "probe a simulated internet, nothing leaves"),
            ("lasthop probe", "probe the block, 200 packets per second"),
            ("lasthop probe -q --append history.csv", "for cron: append rows to a file"),
            (
                "lasthop probe 175.45.178.0/24 --traces t.csv",
                "one prefix, with the evidence for each trace",
            ),
            ("lasthop probe --json | jq .verdict", "for pipelines"),
            (
                "lasthop classify atlas.json.gz --explain",
                "judge and explain traceroutes made elsewhere",
            ),
            ("lasthop atlas find", "public measurements of the block from elsewhere"),
            ("lasthop ping", "which addresses answer, and how fast"),
            (
                "lasthop bgp bview.*.gz updates.*.gz --events",
                "which upstream BGP announces, and what changed",
            ),
            ("lasthop report history.csv", "what changed, and when"),
            ("lasthop owner 103.35.255.254", "who holds an address, and which source says so"),
        ],
        exits: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 130],
    },
    AfterHelp {
        command: &["probe"],
        examples: &[
            ("lasthop probe --dry-run", "what would be sent, and how long it takes"),
            ("lasthop probe --sample 64 --format table", "64 targets of each routed prefix"),
            ("lasthop probe --method all --arrive", "ICMP, UDP and TCP, and known hosts for proof"),
            ("lasthop probe -q --arrive --append history.csv", "for cron"),
            ("lasthop probe 175.45.176.71 --explain", "the path of one address, and what decided"),
            ("lasthop probe 175.45.178.0/24 --hops hops.csv", "every answer of one prefix"),
        ],
        exits: &[0, 1, 2, 3, 4, 8, 130],
    },
    AfterHelp {
        command: &["classify"],
        examples: &[
            ("traceroute -n 175.45.176.71 | lasthop classify --explain", "one trace, explained"),
            ("lasthop classify traces/ --by vantage", "a folder of files of any format"),
            ("lasthop classify atlas.json.gz --append history.csv", "for the history"),
            (
                "lasthop classify mail.txt --target 175.45.176.71",
                "text that does not say the target",
            ),
        ],
        exits: &[0, 1, 2, 4, 8, 130],
    },
    AfterHelp {
        command: &["ping"],
        examples: &[
            ("lasthop ping", "which of the 1,024 addresses answer"),
            (
                "lasthop ping --method icmp,tcp --census hosts.csv",
                "by both, with a row for each host",
            ),
            ("lasthop ping 175.45.176.71 --count 8", "the times of one host"),
        ],
        exits: &[0, 1, 2, 3, 4, 8, 130],
    },
    AfterHelp {
        command: &["bgp"],
        examples: &[
            ("lasthop bgp --needs 2017-10-01/2017-10-02", "the names of the files to fetch"),
            ("lasthop bgp bview.*.gz updates.*.gz --events", "what changed, to the second"),
            ("lasthop bgp rib.bz2 --peers peers.csv", "each peer's path, as evidence for traces"),
            ("lasthop bgp --now", "what RIPEstat says of the block at present"),
        ],
        exits: &[0, 1, 2, 4, 5, 6, 130],
    },
    AfterHelp {
        command: &["report"],
        examples: &[
            ("lasthop report history.csv", "how it is, and what changed"),
            ("lasthop report history.csv --html report.html", "one page with pictures and tables"),
            (
                "lasthop report history.csv --fail-on-change",
                "for cron: exit code 5 where something changed",
            ),
            ("lasthop report history.csv --since newest", "what the newest run changed"),
            ("lasthop report history.csv --diff 2017-10-01T09:05 newest", "two runs side by side"),
        ],
        exits: &[0, 1, 2, 4, 5, 130],
    },
    AfterHelp {
        command: &["owner"],
        examples: &[
            ("lasthop owner 103.35.255.254", "who holds an address"),
            ("lasthop owner --update", "fetch the table of iptoasn.com, for later runs"),
            ("lasthop owner 8.8.8.8 --dns", "ask name servers too"),
        ],
        exits: &[0, 1, 2, 6, 130],
    },
    AfterHelp {
        command: &["lab"],
        examples: &[
            ("lasthop lab", "probe the simulated internet of today"),
            ("lasthop lab --list", "which internets there are"),
            ("lasthop lab --scenario outage", "one of them"),
            ("lasthop lab -- lasthop probe --sample 4", "any command inside it"),
            ("lasthop lab --story october-2017 --append history.csv", "a history to try report on"),
        ],
        exits: &[0, 1, 2, 3, 4, 8, 130],
    },
    AfterHelp {
        command: &["atlas"],
        examples: &[
            ("lasthop atlas measure --dry-run", "what would be asked, and what it costs"),
            ("lasthop atlas find", "public measurements towards the block"),
            ("lasthop atlas fetch 1001234 --by country", "judge one of them"),
        ],
        exits: &[0, 1, 2, 3, 4, 6, 7, 8, 130],
    },
    AfterHelp {
        command: &["atlas", "measure"],
        examples: &[
            ("lasthop atlas measure --dry-run", "needs no key"),
            ("lasthop atlas measure --append history.csv", "80 probes all over the world"),
            ("lasthop atlas measure --from DE --from AS3320 --probes 30", "some probes"),
        ],
        exits: &[0, 1, 2, 3, 4, 6, 7, 8, 130],
    },
    AfterHelp {
        command: &["atlas", "fetch"],
        examples: &[
            (
                "lasthop atlas fetch 1001234 --since 2026-10-01 --by country",
                "any public measurement",
            ),
            ("lasthop atlas fetch 1001234 --raw", "the results as they are"),
        ],
        exits: &[0, 1, 2, 4, 6, 8, 130],
    },
    AfterHelp {
        command: &["globalping"],
        examples: &[
            ("lasthop globalping measure --append history.csv", "50 probes, without an account"),
            ("lasthop globalping resume", "go on, whatever ended it"),
        ],
        exits: &[0, 1, 2, 3, 4, 6, 7, 8, 130],
    },
    AfterHelp {
        command: &["globalping", "measure"],
        examples: &[
            ("lasthop globalping measure --from Germany --from Japan", "some probes"),
            ("lasthop globalping measure --type traceroute --method tcp", "by TCP"),
        ],
        exits: &[0, 1, 2, 3, 4, 6, 7, 8, 130],
    },
];

impl AfterHelp {
    /// That of a command; none where it has none. Commands of the lab have those of the same name.
    pub(super) fn of(command: &[&str]) -> Option<&'static Self> {
        let command = match command {
            ["lab", inside @ ..] if !inside.is_empty() => inside,
            _ => command,
        };
        AFTER_HELPS.iter().find(|after| after.command == command)
    }

    /// The exit codes that the command can end with, and what they mean.
    pub(super) fn exits(&self) -> impl Iterator<Item = (u8, &'static str)> + use<'_> {
        EXITS.into_iter().filter(|(code, _)| self.exits.contains(code))
    }

    fn text(&self) -> String {
        let width = self.examples.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let on_one = self.examples.iter().all(|(_, what)| width + what.len() + 5 <= WIDTH);
        let example = |(command, what): &(&str, &str)| {
            if on_one {
                format!("  {command:width$}   {what}\n")
            } else {
                format!("  {command}\n      {what}\n")
            }
        };
        let examples: String = self.examples.iter().map(example).collect();
        let exits: String = self.exits().map(|(code, what)| exit_lines(code, what)).collect();
        format!("Examples:\n{examples}\nExit codes:\n{}", exits.trim_end())
    }
}

/// An exit code and its meaning, in lines that fit.
fn exit_lines(code: u8, what: &str) -> String {
    let mut lines = vec![format!("  {code:<4}")];
    for word in what.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{:6} {word}", "")),
        }
    }
    lines.join("\n") + "\n"
}

/// The command with what stands behind its options, and all below it likewise.
pub(super) fn added(command: Command) -> Command {
    below(command, &mut Vec::new())
}

fn below(command: Command, way: &mut Vec<String>) -> Command {
    let names: Vec<&str> = way.iter().map(String::as_str).collect();
    let mut command = match AfterHelp::of(&names) {
        Some(after) => command.after_long_help(after.text()),
        None => command,
    };
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    for name in names {
        way.push(name.clone());
        command = command.mut_subcommand(name, |one| below(one, way));
        way.pop();
    }
    command
}
