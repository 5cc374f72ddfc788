//! The RTT to a border over time: the mean as a line, and from the lowest to the highest where several runs
//! share a place.

use crate::history::{Rtt, Timeline};
use crate::picture::path::Path;
use crate::picture::scale::Scale;
use crate::picture::words::milliseconds;

use super::frame::{Frame, label};
use super::pieces::{Piece, outline, places, push};
use super::shares::rule;
use super::{Element, Look, Px};

const HEIGHT: Px = Px::of(28);

pub(super) fn draw(timeline: &Timeline, scale: Scale, look: Look<'_, '_>, frame: &mut Frame) {
    let measured = measured(timeline, look);
    let height = |value: f64| HEIGHT - scale.height(value, HEIGHT);
    let mut band = Vec::new();
    for (left, right, rtt) in &measured {
        let (top, bottom) = (height(rtt.high.into()), height(rtt.low.into()));
        push(&mut band, Piece { left: *left, right: *right, top, bottom });
    }
    let mut inside = vec![rule(Px::ZERO), rule(HEIGHT)];
    inside.push(Element::new("path").class("band").set("d", outline(&band)));
    let steps = measured.iter().map(|(left, right, rtt)| (*left, *right, height(rtt.mean())));
    inside.push(Element::new("path").class("line").set("d", line(steps)));
    inside.push(label(Px::of(2), "small", format_args!("{} ms", milliseconds(scale.high))));
    inside.push(label(HEIGHT - Px::of(2), "small", format_args!("{} ms", milliseconds(scale.low))));
    frame.panel(HEIGHT, inside, Vec::new());
}

/// Where RTTs were measured.
fn measured(timeline: &Timeline, look: Look<'_, '_>) -> Vec<(Px, Px, Rtt)> {
    let stretches: Vec<_> =
        timeline.stretches().filter_map(|stretch| Some((stretch, stretch.bucket?.rtt?))).collect();
    let places = places(&stretches, |(stretch, _)| (stretch.from, stretch.to), look.period);
    let both = stretches.iter().zip(places);
    both.map(|((_, rtt), (left, right))| (left, right, *rtt)).collect()
}

/// A line in steps, from left to right at a height; broken where there is a gap.
pub(super) fn line(steps: impl Iterator<Item = (Px, Px, Px)>) -> Path {
    let (mut path, mut end) = (Path::default(), None);
    for (left, right, y) in steps {
        if end == Some(left) {
            path.upright(y);
        } else {
            path.move_to(left, y);
        }
        path.across(right);
        end = Some(right);
    }
    path
}
