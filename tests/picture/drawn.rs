//! Every story can be drawn, the same each time, and is kept where it can be looked at:
//! `target/tmp/picture/`.

use std::fs;
use std::path::{Path, PathBuf};

use lasthop::picture::{Screen, html, svg, terminal};

use super::stories;

/// Where the pictures are.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("picture");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

#[test]
fn every_story_is_drawn_the_same_each_time() {
    for told in stories::all() {
        let (history, name) = (&told.history, told.name);
        assert!(svg(history) == told.svg && html(history) == told.html, "{name}");
        let letters = |columns, colour| terminal(history, Screen { columns, colour });
        let texts = [
            ("svg", told.svg.clone()),
            ("html", told.html.clone()),
            ("txt", letters(80, false)),
            ("ansi", letters(120, true)),
        ];
        for (end, text) in texts {
            let file = folder().join(format!("{name}.{end}"));
            fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}
