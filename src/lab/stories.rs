//! The stories that are built into the program.

use super::{ScenarioError, Story};

/// The names of the stories.
pub const STORIES: [&str; 2] = ["october-2017", "year-2025"];

/// The story called `name`, if there is one.
///
/// # Errors
/// Never for a released program: a test reads them all.
#[must_use]
pub fn story(name: &str) -> Option<Result<Story, ScenarioError>> {
    let text = match name {
        "october-2017" => include_str!("stories/october-2017.toml"),
        "year-2025" => include_str!("stories/year-2025.toml"),
        _ => return None,
    };
    Some(Story::parse(name, text))
}
