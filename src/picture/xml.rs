//! Elements, and their text: SVG, and HTML that is well-formed XML too. Whatever is put in is escaped
//! here, and only here.

use std::fmt::{Display, Write as _};

use crate::plain_text::is_hidden;

/// An element with what is in it.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    inside: Vec<Inside>,
}

#[derive(Debug, Clone)]
enum Inside {
    Element(Element),
    Text(String),
    /// A style sheet, which HTML does not unescape.
    Style(&'static str),
}

impl Element {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), inside: Vec::new() }
    }

    /// An element with nothing but text in it.
    pub(super) fn text(name: &'static str, text: impl Display) -> Self {
        Self::new(name).say(text)
    }

    /// A style sheet; it has none of `<>&`.
    pub(super) fn style(sheet: &'static str) -> Self {
        let mut style = Self::new("style");
        style.inside.push(Inside::Style(sheet));
        style
    }

    pub(super) fn set(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    pub(super) fn class(self, name: impl Display) -> Self {
        self.set("class", name)
    }

    pub(super) fn say(mut self, text: impl Display) -> Self {
        self.inside.push(Inside::Text(text.to_string()));
        self
    }

    pub(super) fn with(mut self, child: Self) -> Self {
        self.inside.push(Inside::Element(child));
        self
    }

    pub(super) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.inside.extend(children.into_iter().map(Inside::Element));
        self
    }

    /// The element's text, in lines.
    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"");
            escape(value, out);
            out.push('"');
        }
        // HTML knows no empty element but these.
        if self.inside.is_empty() && LONE.contains(&self.name) {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let lines = self.inside.iter().all(|inside| matches!(inside, Inside::Element(_)));
        for inside in &self.inside {
            match inside {
                Inside::Element(element) => {
                    out.push_str(if lines { "\n" } else { "" });
                    element.write(out);
                }
                Inside::Text(text) => escape(text, out),
                Inside::Style(sheet) => out.push_str(sheet),
            }
        }
        out.push_str(if lines && !self.inside.is_empty() { "\n" } else { "" });
        let _ = write!(out, "</{}>", self.name);
    }
}

const LONE: [&str; 7] = ["rect", "path", "line", "circle", "use", "meta", "br"];

fn escape(text: &str, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            sign if is_forbidden(sign) => out.push('\u{fffd}'),
            sign => out.push(sign),
        }
    }
}

/// What XML does not allow, and what is hidden.
fn is_forbidden(sign: char) -> bool {
    matches!(sign, '\u{fffe}' | '\u{ffff}') || is_hidden(sign) && sign != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_escaped() {
        let element = Element::text("b", "a<b>&\"\u{1b}\u{ffff}\u{202e}").set("title", "\"<&>");
        let text =
            "<b title=\"&quot;&lt;&amp;&gt;\">a&lt;b&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}</b>\n";
        assert_eq!(element.render(), text);
    }

    #[test]
    fn only_what_html_leaves_empty_is_closed_at_once() {
        let cell = Element::new("td").with(Element::new("path"));
        assert_eq!(cell.render(), "<td>\n<path/>\n</td>\n");
        assert_eq!(Element::new("td").render(), "<td></td>\n");
    }
}
