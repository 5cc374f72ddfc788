//! The tables of `trip -m pretty` and `trip -m markdown`: a row for each TTL, between bars.

use super::csv::hosts_of;
use crate::import::text_trace::{Cell, Destination};
use crate::import::values::{Address, is_bar};

/// Where the columns are that are needed.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Columns {
    hosts: usize,
    best: Option<usize>,
}

impl Columns {
    /// As a row with their names says it.
    pub(in crate::import) fn of(line: &str) -> Option<Self> {
        let names = cells(line)?;
        let place = |name: &str| names.iter().position(|one| *one == name);
        place("Loss%").filter(|_| names.first() == Some(&"Hop"))?;
        Some(Self { hosts: place("IPs")?, best: place("Best") })
    }
}

/// `Target: x.kp (175.45.177.10)`: where the table leads.
pub(in crate::import) fn destination(line: &str) -> Option<Destination> {
    let address = line.strip_prefix("Target: ")?.trim_end().strip_suffix(')')?.rsplit_once('(')?.1;
    Address::parse(address).map(Destination::from)
}

/// A row: its TTL, which the further hosts of one do not have, and who is there.
pub(in crate::import) fn row(line: &str, columns: Columns) -> Option<(Option<u8>, Vec<Cell>)> {
    let cells = cells(line)?;
    let (ttl, hosts) = (cells.first()?, cells.get(columns.hosts)?);
    let ttl = if ttl.is_empty() { None } else { Some(ttl.parse().ok().filter(|ttl| *ttl > 0)?) };
    let best = columns.best.and_then(|place| cells.get(place)?.parse().ok());
    let mut hosts = hosts.split_whitespace().peekable();
    // Nobody knows whose time it is where there are several.
    let best = best.filter(|_| hosts.clone().count() == 1);
    hosts.peek()?;
    Some((ttl, hosts.flat_map(|host| hosts_of(host, best)).collect()))
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix(is_bar)?.strip_suffix(is_bar)?;
    Some(inside.split(is_bar).map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::values;

    #[test]
    fn rows_are_read_between_any_bars() {
        for bar in ["|", "\u{2506}"] {
            let line = |text: &str| text.replace('|', bar);
            let columns =
                Columns::of(&line("| Hop | IPs | Addrs | Loss% | Best |")).expect("a header");
            let read = |text: &str| row(&line(text), columns);
            let known = |last, rtt| Cell::answer(Address::V4([10, 0, 0, last].into()), rtt);
            assert_eq!(
                read("| 1 | 10.0.0.1 | gw | 0.0 | 0.5 |"),
                Some((Some(1), vec![known(1, values::millis(0.5))]))
            );
            assert_eq!(
                read("| 2 | ??? | ??? | 100.0 | ??? |"),
                Some((Some(2), vec![Cell::Silent]))
            );
            assert_eq!(read("|   | 10.0.0.2 | x | | |"), Some((None, vec![known(2, None)])));
            for other in ["| Hop | IPs | Addrs | Loss% | Best |", "|-----|", "", "1 10.0.0.1"] {
                assert_eq!(read(other), None, "{other}");
            }
        }
        assert_eq!(
            destination("Target: x.kp (175.45.177.10)"),
            Some(Destination::Address([175, 45, 177, 10].into()))
        );
    }
}
