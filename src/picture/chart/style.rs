//! The style sheet of a chart, and its fillings.

use std::collections::BTreeSet;

use crate::picture::ink::Texture;
use crate::picture::palette::Entry;
use crate::picture::slices::Part;

use super::{Element, Look};

/// Light by default and on paper, dark on screens that want it.
pub(in crate::picture) const STYLE: &str = "
svg text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1b1b1b}
svg .title{font-size:18px;font-weight:bold}
svg .head{font-size:14px;font-weight:bold}
svg .bold{font-weight:bold}
svg .small{font-size:10px}
svg .list{font-size:11px}
svg .end{text-anchor:end}
svg .middle{text-anchor:middle}
svg .on{font-size:10px;text-anchor:middle;fill:#000;stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
svg .paper{fill:#fff}
svg .grid{stroke:#d4d4d4;fill:none}
svg .frame,svg .swatch{stroke:#666}
svg .line{stroke:#1b1b1b;stroke-width:1.2;fill:none}
svg .band{fill:#1b1b1b;fill-opacity:.22}
svg .mark{stroke:#000;stroke-opacity:.75;stroke-dasharray:3 2;fill:none}
svg rect.number{fill:#1b1b1b}
svg text.number{font-size:10px;text-anchor:middle;fill:#fff}
@media screen and (prefers-color-scheme:dark){
svg text{fill:#e6e6e6}
svg .on{fill:#000}
svg .paper{fill:#16191d}
svg .grid{stroke:#3a3f45}
svg .frame,svg .swatch{stroke:#9a9a9a}
svg .line{stroke:#e6e6e6}
svg .band{fill:#e6e6e6}
svg .mark{stroke:#fff}
svg rect.number{fill:#e6e6e6}
svg text.number{fill:#000}
}
";

/// The fillings of the parts that occur.
pub(in crate::picture) fn patterns(used: &BTreeSet<Part>, look: Look<'_, '_>) -> Element {
    let shown = look.palette.entries().iter().enumerate();
    let shown = shown.filter(|(_, entry)| used.contains(&entry.part));
    Element::new("defs").with_all(shown.map(|(place, entry)| pattern(place, entry, look)))
}

fn pattern(place: usize, entry: &Entry<'_>, look: Look<'_, '_>) -> Element {
    let ground =
        Element::new("rect").set("width", 8).set("height", 8).set("fill", entry.ink.colour);
    let lines = (entry.ink.texture != Texture::Plain).then(|| {
        Element::new("path")
            .set("d", entry.ink.texture.path())
            .set("stroke", entry.ink.lines)
            .set("stroke-opacity", ".55")
            .set("fill", "none")
    });
    Element::new("pattern")
        .set("id", format_args!("{}{place}", look.id))
        .set("width", 8)
        .set("height", 8)
        .set("patternUnits", "userSpaceOnUse")
        .with(ground)
        .with_all(lines)
}
