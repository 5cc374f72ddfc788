//! What to ask: the first room on the road.
//!
//! `targets.toml` names the block that is measured and the length at which it is routed, the classes of transit,
//! the carriers that belong to them, and the addresses that show no holder. All of it is data: another block with
//! other carriers is another file.

mod block;
mod carriers;
mod classes;
mod config;

use std::path::Path;

pub use block::{Block, OutsideBlock, TargetSpec, sample, select};
pub use carriers::{Carrier, Carriers, Special, Specials};
pub use classes::{ClassId, Classes, Country, NotACountry};
pub use config::TargetsError;

/// The configuration that is used where the user has none.
pub const BUILT_IN: &str = include_str!("../../targets.toml");

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The destination addresses.
    pub block: Block,
    /// The classes of transit.
    pub classes: Classes,
    /// The transit operators.
    pub carriers: Carriers,
    /// The addresses that show no holder.
    pub specials: Specials,
}

impl Targets {
    /// Checks a configuration; `name` stands for it in messages.
    ///
    /// # Errors
    /// The line, what is wrong there and what is expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, TargetsError> {
        config::parse(name, text)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When the file cannot be read, or as [`Targets::parse`].
    pub fn read(path: &Path) -> Result<Self, TargetsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TargetsError::Unreadable { path: path.into(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// The configuration that is built into the program.
    ///
    /// # Errors
    /// Never in a released program: a test reads it.
    pub fn built_in() -> Result<Self, TargetsError> {
        Self::parse("built-in targets.toml", BUILT_IN)
    }
}

#[cfg(test)]
mod tests;
