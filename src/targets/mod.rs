//! What to ask: the first room on the road.
//!
//! `targets.toml` says which block is measured, at which length it is routed, which classes of
//! transit are told apart, which carriers belong to them, and which addresses name nobody. All of
//! it is data: another block with other carriers is another file.

mod block;
mod carriers;
mod check;
mod classes;
mod country;
mod file;
mod select;
mod special;

use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;

pub use block::Block;
pub use carriers::{Carrier, Carriers};
pub use classes::{ClassId, Classes};
pub use country::{Country, NotACountry};
pub use select::{Wanted, sample, select};
pub use special::{Special, Specials};

/// The file that is used where the user has none.
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
    /// The addresses that name nobody.
    pub specials: Specials,
}

impl Targets {
    /// Checks a configuration; `name` is how messages call it.
    ///
    /// # Errors
    /// With the line, what is wrong there and what was expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, TargetsError> {
        check::check(name, text)
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
    /// Never for a released program: a test reads it.
    pub fn built_in() -> Result<Self, TargetsError> {
        Self::parse("built-in targets.toml", BUILT_IN)
    }
}

/// What can be wrong with what is to be measured.
#[derive(Debug, thiserror::Error)]
pub enum TargetsError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that it must not.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        message: String,
    },
    /// An address outside the block was asked for.
    #[error(
        "{asked} is outside {block}: give addresses or prefixes inside it, or another --config"
    )]
    Outside {
        /// What was asked for.
        asked: Ipv4Net,
        /// The configured block.
        block: Ipv4Net,
    },
}

#[cfg(test)]
mod tests;
