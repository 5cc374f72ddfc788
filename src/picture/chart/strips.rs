//! A strip for each prefix, filled by carrier, and under it the RTT to the border.

use crate::picture::section::Section;
use crate::picture::slices;

use super::frame::{Frame, label};
use super::stack::{self, Named};
use super::{Look, Px, rtt};

const HEIGHT: Px = Px::of(28);

pub(super) fn draw(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    let scale = section.rtt();
    let rtt = if scale.is_some() { ", and RTT to the border" } else { "" };
    frame.title(&format!("Carriers of all traces by prefix{rtt}"));
    for prefix in section.prefixes() {
        let slices = slices::carriers(&prefix.timeline);
        let (mut inside, labels) = stack::draw(&slices, HEIGHT, Named::Everywhere, look);
        inside.push(label(HEIGHT / 2, "", prefix.scope));
        frame.panel(HEIGHT, inside, labels);
        if let Some(scale) = scale {
            frame.space(Px::of(5));
            rtt::draw(&prefix.timeline, scale, look, frame);
        }
        frame.space(Px::of(12));
    }
}
