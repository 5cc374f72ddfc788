//! Which part of a block's pinged targets answer, over time.

use crate::history::{Hosts, Series, Stretch};
use crate::picture::scale::Scale;
use crate::picture::section::Section;
use crate::picture::words::percent;

use super::frame::{Frame, label};
use super::pieces::{Piece, outline, places, push};
use super::shares::rule;
use super::{Element, Look, Px, rtt};

const HEIGHT: Px = Px::of(36);

pub(super) fn draw(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    for block in section.blocks() {
        let pinged = pinged(block);
        let parts = pinged.iter().map(|(_, hosts)| part(*hosts));
        let Some(scale) = Scale::from_zero(parts) else { continue };
        frame.title(&format!("{}: pinged hosts that answer", block.scope));
        frame.panel(HEIGHT, panel(&pinged, scale, look), Vec::new());
        frame.space(Px::of(8));
    }
}

fn pinged(block: &Series) -> Vec<(Stretch<'_>, Hosts)> {
    let stretches = block.timeline.stretches();
    stretches.filter_map(|stretch| Some((stretch, stretch.bucket?.hosts?))).collect()
}

fn part(hosts: Hosts) -> f64 {
    f64::from(hosts.alive) / f64::from(hosts.pinged.max(1))
}

fn panel(pinged: &[(Stretch<'_>, Hosts)], scale: Scale, look: Look<'_, '_>) -> Vec<Element> {
    let places = places(pinged, |(stretch, _)| (stretch.from, stretch.to), look.period);
    let height = |hosts: Hosts| HEIGHT - scale.height(part(hosts), HEIGHT);
    let steps: Vec<_> = (pinged.iter().zip(places))
        .map(|((_, hosts), (left, right))| (left, right, height(*hosts)))
        .collect();
    let mut area = Vec::new();
    for (left, right, top) in &steps {
        push(&mut area, Piece { left: *left, right: *right, top: *top, bottom: HEIGHT });
    }
    vec![
        rule(Px::ZERO),
        rule(HEIGHT),
        Element::new("path").class("band").set("d", outline(&area)),
        Element::new("path").class("line").set("d", rtt::line(steps.into_iter())),
        label(Px::of(2), "small", percent(scale.high)),
        label(HEIGHT - Px::of(2), "small", "0 %"),
    ]
}
