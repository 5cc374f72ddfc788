//! How a small history looks, to the byte.

use insta::assert_snapshot;
use lasthop::picture::{Screen, terminal};

use super::stories;

#[test]
fn the_svg_of_ten_runs() {
    assert_snapshot!(stories::told("ten-runs").svg);
}

#[test]
fn the_svg_of_both_planes() {
    assert_snapshot!(stories::told("both-planes").svg);
}

#[test]
fn the_page_without_a_run() {
    assert_snapshot!(stories::told("empty").html);
}

#[test]
fn two_years_in_letters() {
    assert_snapshot!(terminal(
        &stories::told("two-years").history,
        Screen { columns: 80, colour: false }
    ));
}

#[test]
fn ten_runs_in_colours() {
    let text = terminal(&stories::told("ten-runs").history, Screen { columns: 60, colour: true });
    assert_snapshot!(text.replace('\u{1b}', "ESC"));
}
