//! Results of RIPE Atlas: an array of them, one to a line, a single one, the newest of each probe,
//! or what a probe itself prints.
//!
//! Every firmware since the first has its own dialect; all of them are read alike.

mod cursor;
mod hops;
mod latest;
mod measured;
mod quick;
mod reply;
mod result;

use std::io::{self, BufRead};

use super::{Finding, Format, Records, Sink, Wanted, json};

/// The format of RIPE Atlas.
pub(super) struct Atlas;

/// What stands before results where a probe prints them, and where they are streamed.
const PREFIXES: &[&str] = &["RESULT", "\"atlas_result\""];

impl Format for Atlas {
    fn name(&self) -> &'static str {
        "atlas"
    }

    fn recognises(&self, head: &[u8]) -> bool {
        // Without the zeros, UTF-16 reads like ASCII.
        let head: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
        ["\"prb_id\"", "\"paris_id\"", "\"msm_id\""].iter().any(|key| contains(&head, key))
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        json::each_behind(PREFIXES, input, sink, |record| findings(record, &|_| true))
    }

    fn records(&self) -> Option<Records> {
        Some(Records { prefixes: PREFIXES, parse: findings })
    }
}

fn contains(head: &[u8], key: &str) -> bool {
    head.windows(key.len()).any(|window| window == key.as_bytes())
}

fn findings(record: &[u8], wanted: &Wanted<'_>) -> Vec<Finding> {
    match latest::results(record) {
        Some(results) if results.is_empty() => {
            vec![Finding::Left("no probe has a result".to_owned())]
        }
        Some(results) => {
            results.into_iter().flat_map(|result| result::findings(result, wanted)).collect()
        }
        None => result::findings(record, wanted),
    }
}

#[cfg(test)]
mod tests;
