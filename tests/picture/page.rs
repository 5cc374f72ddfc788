//! A drawn page or picture, taken apart.

use roxmltree::{Document, Node, ParsingOptions};

/// The elements of a text that must be well-formed.
pub(crate) fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// All elements with this name.
pub(crate) fn named<'a>(document: &'a Document<'_>, name: &'static str) -> Vec<Node<'a, 'a>> {
    document
        .descendants()
        .filter(|node| node.has_tag_name(name) || node.tag_name().name() == name)
        .collect()
}

/// What the element's first `<title>` says.
pub(crate) fn title<'a>(node: Node<'a, 'a>) -> &'a str {
    let title = node.children().find(|child| child.tag_name().name() == "title");
    title.and_then(|title| title.text()).unwrap_or_default()
}

/// How far the groups around an element move it.
pub(crate) fn moved(node: Node<'_, '_>) -> (f64, f64) {
    let moves = node.ancestors().filter_map(|node| node.attribute("transform"));
    moves.fold((0.0, 0.0), |(x, y), text| {
        let numbers = text.strip_prefix("translate(").and_then(|rest| rest.strip_suffix(')'));
        let mut numbers = numbers.unwrap_or_default().split(' ').map(number);
        (x + numbers.next().unwrap_or_default(), y + numbers.next().unwrap_or_default())
    })
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The corners of a path of `M`, `l`, `h`, `v` and `z`.
pub(crate) fn corners(path: &str) -> Vec<(f64, f64)> {
    let (mut corners, mut at) = (Vec::new(), (0.0, 0.0));
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        let end = rest[1..].find(char::is_alphabetic).map_or(rest.len(), |end| end + 1);
        let words = rest[1..end].split(' ').filter(|word| !word.is_empty());
        let numbers: Vec<f64> = words.map(number).collect();
        match (command, &numbers[..]) {
            ('M', [x, y]) => at = (*x, *y),
            ('l', [x, y]) => at = (at.0 + x, at.1 + y),
            ('h', [x]) => at.0 += x,
            ('v', [y]) => at.1 += y,
            ('z', []) => {}
            _ => panic!("{command}{numbers:?} in {path}"),
        }
        corners.push(at);
        rest = &rest[end..];
    }
    corners
}
