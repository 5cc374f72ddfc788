//! Reads a network from a few lines of text, so that a scenario looks like the paths it is about.
//!
//! ```text
//! trunk               192.168.77.1 > 100.64.0.1/1000ms > 129.250.2.1
//! 175.45.176.0/24     219.158.16.65 > 103.35.255.254 > * > * > home 7 71
//! 175.45.178.0/24 x60 188.43.225.153 > * > dead-link
//! ```
//!
//! `*` is a silent router, `/1000ms` a limit of one answer in that time, `x60` a weight. The ends
//! are `home` (with the last octets of the hosts that are alive), `prohibited`, `unreachable`,
//! `dead-link` and `loop`.

use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

use super::scenario::{End, Hop, Manner, Road, Scenario};

impl FromStr for Scenario {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (mut trunk, mut roads) = (Vec::new(), Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix("trunk ") {
                Some(path) => trunk = hops(path)?,
                None => roads.push(road(line).with_context(|| line.to_owned())?),
            }
        }
        if trunk.is_empty() || roads.is_empty() {
            bail!("a scenario needs a trunk and at least one road");
        }
        Ok(Self { trunk, roads })
    }
}

fn road(line: &str) -> Result<Road> {
    let (prefix, rest) = line.split_once(' ').context("no path")?;
    let (weight, path) = match rest.trim().strip_prefix('x') {
        Some(weighted) => weighted.split_once(' ').context("no path")?,
        None => ("1", rest),
    };
    let (path, last) = path.rsplit_once('>').context("no hop before the end")?;
    let road = Road {
        prefix: prefix.parse()?,
        weight: weight.parse()?,
        hops: hops(path)?,
        end: end(last.trim())?,
    };
    if road.end == End::Loop && road.hops.len() < 2 {
        bail!("a loop needs two routers");
    }
    Ok(road)
}

fn hops(path: &str) -> Result<Vec<Hop>> {
    path.split('>').map(|word| hop(word.trim())).collect()
}

fn hop(word: &str) -> Result<Hop> {
    if word == "*" {
        return Ok(Hop { address: None, manner: Manner::Silent });
    }
    let (address, manner) = match word.split_once('/') {
        Some((address, limit)) => {
            let millis = limit.strip_suffix("ms").context("a limit without ms")?;
            (address, Manner::OncePerMillis(millis.parse()?))
        }
        None => (word, Manner::Answers),
    };
    let address = address.parse().with_context(|| word.to_owned())?;
    Ok(Hop { address: Some(address), manner })
}

fn end(words: &str) -> Result<End> {
    Ok(match words {
        "prohibited" => End::Prohibited,
        "unreachable" => End::Unreachable,
        "dead-link" => End::DeadLink,
        "loop" => End::Loop,
        _ => {
            let octets = words.strip_prefix("home").context("an unknown end")?;
            let octets: Result<_, _> = octets.split_whitespace().map(str::parse).collect();
            End::Home(octets?)
        }
    })
}
