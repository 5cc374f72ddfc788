//! The options of a benchmark: `--NAME VALUE`.

use std::str::FromStr;

/// What stands behind `name`.
pub(crate) fn value(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// The number behind `name`, or the usual one.
pub(crate) fn number<N: FromStr>(name: &str, usual: N) -> N {
    value(name).map_or(usual, |text| text.parse().ok().expect("a number"))
}
