//! The picture in the README is what the program draws.

use std::fs;
use std::path::Path;

use super::stories;

/// `LASTHOP_DRAW=1 cargo test --test picture readme` draws it anew.
#[test]
fn the_picture_in_the_readme_is_of_october_2017() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/october-2017.svg");
    let drawn = &stories::told("october-2017").svg;
    assert!(drawn.len() < 60_000, "{} bytes", drawn.len());
    if std::env::var_os("LASTHOP_DRAW").is_some() {
        fs::write(&file, drawn).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == *drawn, "{} is out of date: LASTHOP_DRAW=1 draws it anew", file.display());
}
