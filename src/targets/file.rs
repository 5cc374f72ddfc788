//! targets.toml as it is written, with the place of every value that can be wrong.

use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) block: Block,
    #[serde(default)]
    pub(super) class: Vec<Class>,
    #[serde(default)]
    pub(super) carrier: Vec<Carrier>,
    #[serde(default)]
    pub(super) special: Vec<Range>,
    #[serde(default)]
    pub(super) ixp: Vec<Range>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) prefix: Spanned<String>,
    pub(super) routed_length: Spanned<i64>,
    #[serde(default = "usual_gap")]
    pub(super) usual_gap: u8,
    #[serde(default)]
    pub(super) holder: String,
    pub(super) asn: u32,
}

fn usual_gap() -> u8 {
    3
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Class {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) countries: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Carrier {
    pub(super) name: Spanned<String>,
    pub(super) class: Spanned<String>,
    #[serde(default)]
    pub(super) asns: Vec<Spanned<u32>>,
    #[serde(default)]
    pub(super) prefixes: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) router_names: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) name: Spanned<String>,
    pub(super) prefixes: Vec<Spanned<String>>,
}
