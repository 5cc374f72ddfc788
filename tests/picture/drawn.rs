//! Every story can be drawn, the same each time, and is kept where it can be looked at:
//! `target/tmp/picture/`.

use std::fs;
use std::path::{Path, PathBuf};

use lasthop::history::History;
use lasthop::picture::{Screen, html, svg, terminal};

use super::stories;

/// Where the pictures are.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("picture");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

fn draw(history: &History) -> [(&'static str, String); 4] {
    let screen = |columns, colour| Screen { columns, colour };
    [
        ("svg", svg(history)),
        ("html", html(history)),
        ("txt", terminal(history, screen(80, false))),
        ("ansi", terminal(history, screen(120, true))),
    ]
}

#[test]
fn every_story_is_drawn_the_same_each_time() {
    for (name, history) in stories::all() {
        let drawn = draw(&history);
        assert_eq!(drawn, draw(&history), "{name}");
        for (end, text) in drawn {
            let file = folder().join(format!("{name}.{end}"));
            fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}
