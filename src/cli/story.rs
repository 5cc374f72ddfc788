//! `lasthop lab --story`: the runs of a story, as `--append` would have collected them.

use std::io;
use std::path::Path;

use anyhow::Context;

use crate::input::read_text;
use crate::lab::{self, Story};
use crate::output::{LAB, write_csv, write_jsonl};
use crate::replay::replay;

use super::common::Common;
use super::config;
use super::exit::Exit;
use super::format::Format;
use super::outputs::{self, Output, is_stdout};
use super::stdout;

/// Measures the story called `name`, or that in a file, and writes the summaries of all its runs; to `mrt` what a route
/// collector records meanwhile.
pub(super) fn write(
    name: &str,
    mrt: Option<&Path>,
    seed: u64,
    common: &Common,
) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        !mrt.is_some_and(is_stdout),
        "--mrt: stdout gets the history; name a file, such as {name}.mrt"
    );
    let recorded: Vec<_> = mrt.map(|path| Output::text("--mrt", path)).into_iter().collect();
    outputs::check(&[("--story", Path::new(name))], &recorded)?;
    let story = named(name)?;
    let targets = config::targets(common)?;
    common.info(|| {
        format!(
            "story {name}: {}\npublished: {}\nassumed: {}",
            story.about, story.published, story.assumed
        )
    });
    let vantage = format!("{LAB}{name}");
    if let Some(path) = mrt {
        let recorded = story.recorded(&vantage, targets.block.asn);
        let recorded = recorded.with_context(|| {
            format!("--mrt: story {name} has no route collector: expected [[peer]] in its file")
        })?;
        outputs::write_bytes(path, &recorded)?;
    }
    let json = common.format == Some(Format::Json);
    let mut failed = None;
    stdout::write(|out| {
        for (place, rows) in replay(&story, &vantage, &targets, seed).enumerate() {
            match rows {
                Ok(rows) if json => write_jsonl(&rows, &mut *out)?,
                Ok(rows) => write_csv(&rows, place == 0, &mut *out)?,
                Err(error) => {
                    failed = Some(error);
                    return io::Result::Ok(());
                }
            }
        }
        Ok(())
    })?;
    failed.map_or(Ok(Exit::Measured), |error| Err(error.into()))
}

fn named(name: &str) -> anyhow::Result<Story> {
    if let Some(story) = lab::story(name) {
        return Ok(story?);
    }
    let path = Path::new(name);
    if path.extension().is_none_or(|end| end != "toml") {
        let names = lab::STORIES.join(", ");
        anyhow::bail!("no story `{name}`: expected a file.toml, or one of {names}");
    }
    let text = read_text(path).with_context(|| path.display().to_string())?;
    Ok(Story::parse(name, &text)?)
}
