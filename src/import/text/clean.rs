//! A line as the program printed it: without colours, markup and typography that terminals, web pages,
//! editors and word processors add.

use std::borrow::Cow;

use crate::plain_text::is_hidden;

/// Bytes that may have to go: controls, everything beyond ASCII, and signs of markup.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte < 0x20 && byte != 9 || byte >= 0x7f;
        byte += 1;
    }
    table[b'<' as usize] = true;
    table[b'&' as usize] = true;
    table[b'\\' as usize] = true;
    table[b'`' as usize] = true;
    table[b'[' as usize] = true;
    table[b'^' as usize] = true;
    table
};

/// `line` as it was printed.
pub(super) fn clean(line: &str) -> Cow<'_, str> {
    // To look at all of a short line is faster than to stop in it.
    let is_suspect = line.bytes().fold(false, |any, byte| any | SUSPECT[usize::from(byte)]);
    if !is_suspect && !line.contains("**") {
        return Cow::Borrowed(line);
    }
    let mut text = without_escapes(line);
    if text.contains("](") {
        text = without_links(&text);
    }
    if text.contains('[') {
        text = without_bbcode(&text);
    }
    if text.contains('<') {
        text = without_tags(&text);
    }
    if text.contains('&') {
        text = without_entities(&text);
    }
    if text.contains("**") {
        text = without_emphasis(&text);
    }
    Cow::Owned(text)
}

/// Takes out what steers a terminal (ECMA-48), also where the escape character itself was lost or is written
/// as `^[`; makes every blank a space, every dash a hyphen.
fn without_escapes(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    loop {
        let (plain, other) = rest.split_at(plain_length(rest));
        text.push_str(plain);
        rest = other;
        let Some(c) = rest.chars().next() else { break };
        if let Some(after) = after_escape(rest) {
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\t' | '\u{fffd}' => text.push(c),
            '\n' => text.push(' '),
            c if is_hidden(c) => {}
            c if c.is_whitespace() => text.push(' '),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => text.push('-'),
            '\u{2192}' | '\u{2794}' | '\u{27a1}' => text.push_str("->"),
            '\u{2217}' | '\u{ff0a}' | '\u{204e}' | '\u{2731}' => text.push('*'),
            '\u{2026}' => text.push_str("..."),
            '`' => {}
            '\\' if rest
                .starts_with(['*', '_', '.', '[', ']', '(', ')', '<', '|', '-', '#', '+']) => {}
            c => text.push(c),
        }
    }
    text
}

/// How many bytes at the beginning of `text` stay as they are, whatever follows them.
fn plain_length(text: &str) -> usize {
    let is_plain = |byte: u8| {
        matches!(byte, b'\t' | b' '..=b'~') && !matches!(byte, b'[' | b'^' | b'\\' | b'`')
    };
    text.bytes().position(|byte| !is_plain(byte)).unwrap_or(text.len())
}

/// What follows the control sequence at the beginning of `text`.
fn after_escape(text: &str) -> Option<&str> {
    let marked = ["\u{1b}", "^[", "\\x1b", "\\e", "\\033", "\\u001b"]
        .iter()
        .find_map(|escape| text.strip_prefix(escape));
    if let Some(rest) = marked {
        if let Some(rest) = rest.strip_prefix('[') {
            return Some(after_sequence(rest));
        }
        if text.starts_with('\u{1b}') {
            return Some(if let Some(title) = rest.strip_prefix(']') {
                match title.find(['\u{7}', '\u{1b}']) {
                    Some(end) => title[end..].trim_start_matches(['\u{7}', '\u{1b}', '\\']),
                    None => "",
                }
            } else {
                let mut rest = rest.strip_prefix(['(', ')']).unwrap_or(rest).chars();
                rest.next();
                rest.as_str()
            });
        }
        return None;
    }
    if let Some(rest) = text.strip_prefix('\u{9b}') {
        return Some(after_sequence(rest));
    }
    let rest = text.strip_prefix('[')?;
    let end = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    let after = rest[end..].strip_prefix(['m', 'K'])?;
    // `[mpls` and `[KT]` are no sequences.
    (end > 0 || after.is_empty() || after.starts_with(char::is_whitespace)).then_some(after)
}

fn after_sequence(rest: &str) -> &str {
    let end = rest.bytes().take_while(|byte| (0x20..0x40).contains(byte)).count();
    rest[end..].strip_prefix(|c: char| c.is_ascii_graphic()).unwrap_or(&rest[end..])
}

/// `[text](address)` of Markdown becomes its text.
fn without_links(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(middle) = rest.find("](") {
        let Some(start) = rest[..middle].rfind('[') else { break };
        let Some(end) = rest[middle..].find(')') else { break };
        text.push_str(&rest[..start]);
        text.push_str(&rest[start + 1..middle]);
        rest = &rest[middle + end + 1..];
    }
    text + rest
}

/// What forums write in brackets, `[b]text[/b]`, becomes its text.
fn without_bbcode(line: &str) -> String {
    const NAMES: [&str; 13] = [
        "b", "code", "color", "font", "i", "list", "php", "pre", "quote", "size", "spoiler", "u",
        "url",
    ];
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('[') {
        let (before, bracket) = rest.split_at(start);
        text.push_str(before);
        let inside = bracket[1..].split_once(']');
        let is_code = |inside: &str| {
            let name = inside.trim_start_matches('/').split('=').next().unwrap_or_default();
            NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        rest = match inside {
            Some((inside, behind)) if is_code(inside) => behind,
            _ => {
                text.push('[');
                &bracket[1..]
            }
        };
    }
    text + rest
}

/// Elements of web pages that stand around and in pasted lines.
const ELEMENTS: [&str; 19] = [
    "a", "b", "br", "code", "div", "em", "font", "i", "kbd", "li", "p", "pre", "samp", "span",
    "strong", "td", "tr", "tt", "u",
];

fn without_tags(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text.push_str(before);
        if let Some(after) = after_tag(tag) {
            text.push(' ');
            rest = after;
        } else {
            text.push('<');
            rest = &tag[1..];
        }
    }
    text + rest
}

fn after_tag(tag: &str) -> Option<&str> {
    let end = tag.find('>')?;
    let inside = &tag[1..end];
    let name = inside.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next()?.to_ascii_lowercase();
    let is_link = ["http:", "https:", "mailto:"].iter().any(|scheme| inside.starts_with(scheme));
    (is_link || ELEMENTS.contains(&name.as_str())).then(|| &tag[end + 1..])
}

/// `&lt;`, `&#160;` and the like become their characters, unless these steer a terminal or cannot be seen.
fn without_entities(line: &str) -> String {
    without_escapes(&html_escape::decode_html_entities(line))
}

/// `**text**` of Markdown becomes its text; stars that are alone stay.
fn without_emphasis(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for word in line.split_inclusive(char::is_whitespace) {
        let body = word.trim_end();
        if body.contains(|c: char| c.is_alphanumeric()) && body.contains("**") {
            text.push_str(&body.replace("**", ""));
            text.push_str(&word[body.len()..]);
        } else {
            text.push_str(word);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_others_put_around_goes_and_the_line_stays() {
        let line = " 3  gw.example (188.43.225.153)  184.150 ms * !X";
        for wrapped in [
            " 3  \u{1b}[32mgw.example\u{1b}[0m (188.43.225.153)  \u{1b}[1;31m184.150 ms\u{1b}[m * !X\u{1b}[K",
            " 3  [32mgw.example[0m (188.43.225.153)  184.150 ms * !X[K",
            " 3  ^[[32mgw.example^[[0m (188.43.225.153)  184.150 ms * !X",
            " 3  \\x1b[32mgw.example\\033[0m (188.43.225.153)  184.150 ms * !X",
            "\u{1b}]0;title\u{7} 3  gw.example (188.43.225.153)  184.150 ms * !X",
            "\u{a0}3\u{a0}\u{2003}gw.example (188.43.225.153)  184.150\u{202f}ms \u{2217} !X",
            " 3  [gw.example](http://gw.example/) (188.43.225.153)  184.150 ms \\* !X",
            " 3  **gw.example** (188.43.225.153)  184.150 ms * !X",
            " 3  `gw.example` (188.43.225.153)  184.150 ms * !X",
            " 3  [b]gw.example[/b] (188.43.225.153)  [COLOR=red]184.150 ms[/COLOR] * !X[/code]",
            "&nbsp;3&#160;&nbsp;gw.example (188.43.225.153)  184.150 ms * !X",
            "&#xA0;3&#32;&nbsp;gw&period;example &lpar;188.43.225.153&#41;  184.150 ms &ast; &#33;X",
        ] {
            assert_eq!(clean(wrapped), line, "{wrapped}");
        }
        for wrapped in [
            "&#x200b;&#155;2J 3  gw.example (188&#8203;.43.225.153)  184.150 ms &#x200e;* !X&#8238;",
            "&#9;3&#10;gw.example (188.43.225.153)&ensp;184.150 ms * !X",
            " 3  gw.example (188.43.225.153)  184.150 ms * !X<br>",
            " 3  gw.example<http://gw.example> (188.43.225.153)  184.150 ms * !X",
            "<p> 3  <a href=\"x\">gw.example</a> (188.43.225.153)  184.150 ms * !X</p>",
        ] {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&clean(wrapped)), words(line), "{wrapped}");
        }
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for line in [
            " 6  [AS0] 91.122.105.27 (91.122.105.27)  1.5 ms !<13>",
            " 6  91.122.105.27 (91.122.105.27) [*]  1.5 ms [open]",
            " 2  10.0.0.1 <syn,ack>  1 ms <MPLS:L=3,E=0,S=1,T=1>",
            " 4  * * *",
            " 4  ***",
            "  1    <1 ms    <1 ms    <1 ms  192.168.1.1",
            "C:\\>tracert x",
            " 5  * * *^C",
        ] {
            assert_eq!(clean(line), line);
        }
    }

    proptest! {
        #[test]
        fn any_line_is_cleaned(line: String) {
            prop_assert!(!clean(&line).chars().any(|c| is_hidden(c) && c != '\t'));
        }

        #[test]
        fn any_marks_are_cleaned(line in "(\u{1b}|\\^\\[|\\[|\\]\\(|\\(|\\)|<|>|a|/|m|;|3|&|nbsp;|&#27;|&#8203;|&amp;|[*]{2}|ä){0,30}") {
            prop_assert!(!clean(&line).chars().any(|c| is_hidden(c) && c != '\t'));
        }
    }
}
