//! The panels of a section: the classes' shares of each block, for each prefix its carriers and the RTT to its
//! border, and which part of the pinged hosts answer.

use crate::history::{Hosts, Rtt, Series, Stretch, Timeline};
use crate::picture::geometry::{Path, Px, Scale};
use crate::picture::section::Section;
use crate::picture::slices::{self, Part, Slice};
use crate::picture::text::{milliseconds, percent};
use crate::picture::xml::Element;

use super::areas::{Named, Piece, outline, places, push, stack};
use super::frame::{Frame, Look, PLOT, label};

/// How high the panels are.
const SHARES: Px = Px::of(120);
const UNREACHED: Px = Px::of(14);
const STRIP: Px = Px::of(28);
const RTT: Px = Px::of(28);
const HOSTS: Px = Px::of(36);
/// A collector's lane is lower than that of traces.
const PEERS: Px = Px::of(60);
const UPSTREAMS: Px = Px::of(20);
const PEER_COUNT: Px = Px::of(24);

/// The classes' shares of a block as stacked areas, and over them what is unreached.
pub(super) fn shares(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    for block in section.blocks() {
        let height = if section.is_announced() { PEERS } else { SHARES };
        frame.title(&format!("{}: {}", block.scope, section.shares_of()));
        if let Some(unreached) = unreached(&block.timeline) {
            let (mut inside, labels) = stack(&unreached, UNREACHED, Named::Nowhere, look);
            inside.push(label(Px::of(4), "small", section.nowhere()));
            frame.panel(UNREACHED, inside, labels);
            frame.space(Px::of(5));
        }
        let (inside, labels) = areas(block, height, look);
        frame.panel(height, inside, labels);
        frame.space(Px::of(8));
    }
}

fn areas(block: &Series, height: Px, look: Look<'_, '_>) -> (Vec<Element>, Vec<Element>) {
    let mut inside = vec![rule(Px::ZERO), rule(height / 2), rule(height)];
    let shares = slices::shares(&block.timeline);
    let (areas, labels) = stack(&shares, height, Named::Once, look);
    inside.extend(areas);
    for (place, percent) in ["100 %", "50 %", "0 %"].iter().enumerate() {
        let y = height * i32::try_from(place).unwrap_or(0) / 2;
        inside.push(label(y, "small", percent));
    }
    (inside, labels)
}

/// The part of all traces that died before any carrier, where there are any.
fn unreached(timeline: &Timeline) -> Option<Vec<Slice>> {
    let slice = |stretch: Stretch<'_>| {
        let size = slices::unreached(stretch.bucket?);
        let parts = if size > 0.0 { vec![(Part::Unreached, size)] } else { Vec::new() };
        Some(Slice { from: stretch.from, to: stretch.to, parts })
    };
    let all: Vec<Slice> = timeline.stretches().filter_map(slice).collect();
    all.iter().any(|slice| !slice.parts.is_empty()).then_some(all)
}

/// A line from one end of the axis to the other.
fn rule(y: Px) -> Element {
    Element::new("path").class("grid").set("d", format_args!("M0 {y}h{PLOT}"))
}

/// How many peers of a collector count.
pub(super) fn peers(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    for block in section.blocks().filter(|_| section.is_announced()) {
        let stretches = block.timeline.stretches();
        let counted: Vec<(Stretch<'_>, f64)> =
            stretches.filter_map(|stretch| Some((stretch, stretch.bucket?.counted()))).collect();
        let counts = counted.iter().map(|(_, count)| *count);
        let Some(scale) = Scale::from_zero(counts) else { continue };
        let places = places(&counted, |(stretch, _)| (stretch.from, stretch.to), look.period);
        let steps = counted.iter().zip(places).map(|((_, count), (left, right))| {
            (left, right, PEER_COUNT - scale.height(*count, PEER_COUNT))
        });
        let inside = vec![
            rule(Px::ZERO),
            rule(PEER_COUNT),
            Element::new("path").class("line").set("d", line(steps)),
            label(Px::of(2), "small", format_args!("{:.0}", scale.high)),
            label(PEER_COUNT - Px::of(2), "small", "0"),
        ];
        frame.title(&format!("{}: {}", block.scope, section.peers_of()));
        frame.panel(PEER_COUNT, inside, Vec::new());
        frame.space(Px::of(8));
    }
}

/// A strip for each prefix, filled by carrier, and under it the RTT to the border.
pub(super) fn strips(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    let height = if section.is_announced() { UPSTREAMS } else { STRIP };
    let scale = section.rtt();
    let and_rtt = if scale.is_some() { ", and RTT to the border" } else { "" };
    frame.title(&format!("{}{and_rtt}", section.strips_of()));
    for prefix in section.prefixes() {
        let slices = slices::carriers(&prefix.timeline);
        let (mut inside, labels) = stack(&slices, height, Named::Everywhere, look);
        inside.push(label(height / 2, "", prefix.scope));
        frame.panel(height, inside, labels);
        if let Some(scale) = scale {
            frame.space(Px::of(5));
            rtt(&prefix.timeline, scale, look, frame);
        }
        frame.space(if section.is_announced() { Px::of(6) } else { Px::of(12) });
    }
}

/// The mean as a line, and from the lowest to the highest where several runs share a place.
fn rtt(timeline: &Timeline, scale: Scale, look: Look<'_, '_>, frame: &mut Frame) {
    let measured = measured(timeline, look);
    let height = |value: f64| RTT - scale.height(value, RTT);
    let mut band = Vec::new();
    for (left, right, rtt) in &measured {
        let (top, bottom) = (height(rtt.high.into()), height(rtt.low.into()));
        push(&mut band, Piece { left: *left, right: *right, top, bottom });
    }
    let mut inside = vec![rule(Px::ZERO), rule(RTT)];
    inside.push(Element::new("path").class("band").set("d", outline(&band)));
    let steps = measured.iter().map(|(left, right, rtt)| (*left, *right, height(rtt.mean())));
    inside.push(Element::new("path").class("line").set("d", line(steps)));
    inside.push(label(Px::of(2), "small", format_args!("{} ms", milliseconds(scale.high))));
    inside.push(label(RTT - Px::of(2), "small", format_args!("{} ms", milliseconds(scale.low))));
    frame.panel(RTT, inside, Vec::new());
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
fn line(steps: impl Iterator<Item = (Px, Px, Px)>) -> Path {
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

/// Which part of a block's pinged targets answer.
pub(super) fn hosts(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    for block in section.blocks() {
        let pinged = pinged(block);
        let parts = pinged.iter().map(|(_, hosts)| alive(*hosts));
        let Some(scale) = Scale::from_zero(parts) else { continue };
        frame.title(&format!("{}: pinged hosts that answer", block.scope));
        frame.panel(HOSTS, host_panel(&pinged, scale, look), Vec::new());
        frame.space(Px::of(8));
    }
}

fn pinged(block: &Series) -> Vec<(Stretch<'_>, Hosts)> {
    let stretches = block.timeline.stretches();
    stretches.filter_map(|stretch| Some((stretch, stretch.bucket?.hosts?))).collect()
}

fn alive(hosts: Hosts) -> f64 {
    f64::from(hosts.alive) / f64::from(hosts.pinged.max(1))
}

fn host_panel(pinged: &[(Stretch<'_>, Hosts)], scale: Scale, look: Look<'_, '_>) -> Vec<Element> {
    let places = places(pinged, |(stretch, _)| (stretch.from, stretch.to), look.period);
    let height = |hosts: Hosts| HOSTS - scale.height(alive(hosts), HOSTS);
    let steps: Vec<_> = (pinged.iter().zip(places))
        .map(|((_, hosts), (left, right))| (left, right, height(*hosts)))
        .collect();
    let mut area = Vec::new();
    for (left, right, top) in &steps {
        push(&mut area, Piece { left: *left, right: *right, top: *top, bottom: HOSTS });
    }
    vec![
        rule(Px::ZERO),
        rule(HOSTS),
        Element::new("path").class("band").set("d", outline(&area)),
        Element::new("path").class("line").set("d", line(steps.into_iter())),
        label(Px::of(2), "small", percent(scale.high)),
        label(HOSTS - Px::of(2), "small", "0 %"),
    ]
}
