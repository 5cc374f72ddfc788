//! The axis of time under the panels, and its lines behind them.

use crate::picture::path::Path;
use crate::picture::period::Period;
use crate::picture::ticks::{Tick, ticks};

use super::frame::Panel;
use super::{Drawn, Element, LEFT, PLOT, Px, group, text};

/// So many ticks have room for their labels.
const MOST: usize = 11;

pub(super) fn draw(period: Period, top: Px) -> Drawn {
    let base = Element::new("path").class("frame").set("d", format_args!("M0 0h{PLOT}"));
    let ticks = ticks(period, MOST);
    let element = group(LEFT, top)
        .with(base)
        .with(text(Px::ZERO - Px::of(38), Px::of(18), "end small", "UTC"))
        .with_all(ticks.iter().flat_map(|tick| labels(tick, period)));
    Drawn { element, height: Px::of(40) }
}

fn labels(tick: &Tick, period: Period) -> Vec<Element> {
    let x = period.place(tick.at, PLOT);
    let mark = Element::new("path").class("frame").set("d", format_args!("M{x} 0v5"));
    let label = text(x, Px::of(18), "middle", &tick.label);
    let context = tick.context.iter().map(|context| text(x, Px::of(33), "middle small", context));
    [mark, label].into_iter().chain(context).collect()
}

/// The ticks as lines through all panels.
pub(super) fn grid(period: Period, panels: &[Panel]) -> Element {
    let mut path = Path::default();
    for tick in ticks(period, MOST) {
        let x = LEFT + period.place(tick.at, PLOT);
        for panel in panels.iter().filter(|panel| panel.height > Px::ZERO) {
            path.move_to(x, panel.top);
            path.upright(panel.top + panel.height);
        }
    }
    Element::new("path").class("grid").set("d", path)
}
