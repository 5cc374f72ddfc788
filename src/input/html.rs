//! HTML pages as the text that they show: a looking glass, a forum, an archive of mails, saved from a browser.
//!
//! Tags and comments go, and references to characters become these. A line ends where the page shows an end
//! of line, and everywhere where the source has one: what `white-space` a style sheet gives is not known here.

use std::io::{self, BufRead, Read};

use super::open::{Opened, begin};
use super::text::decoded;

/// The longest name of a tag that is looked at.
const LONGEST_NAME: usize = 16;
/// The longest reference to a character.
const LONGEST_REFERENCE: usize = 32;

/// How deep lists stand in each other whose items are numbered.
const DEEPEST_LIST: usize = 64;

/// How pages, or parts of them, begin.
const BEGINNINGS: [&str; 14] = [
    "<!doctype html",
    "<html",
    "<head",
    "<body",
    "<pre",
    "<div",
    "<p>",
    "<p ",
    "<table",
    "<title",
    "<meta",
    "<code",
    "<h1",
    "<textarea",
];
/// Elements that begin a line and end it.
const BLOCKS: [&str; 27] = [
    "address",
    "article",
    "blockquote",
    "body",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];
/// Elements whose content is not shown.
const HIDDEN: [&str; 5] = ["script", "style", "template", "noscript", "svg"];

/// The text of a page; anything else as it is.
pub(super) fn without_tags(opened: Opened<'_>) -> io::Result<Opened<'_>> {
    if !is_page(&opened.head) {
        return Ok(opened);
    }
    begin(Box::new(Page::new(decoded(opened.input)?)))
}

fn is_page(head: &[u8]) -> bool {
    let start: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| (1..0x80).contains(byte))
        .skip_while(u8::is_ascii_whitespace)
        .take(4096)
        .collect();
    let start = String::from_utf8_lossy(&start).to_ascii_lowercase();
    let mut start = start.as_str();
    // Declarations and comments may stand before it.
    while let Some((_, behind)) = match start {
        _ if start.starts_with("<?xml") => start.split_once("?>"),
        _ if start.starts_with("<!--") => start.split_once("-->"),
        _ => None,
    } {
        start = behind.trim_start();
    }
    BEGINNINGS.iter().any(|beginning| start.starts_with(beginning))
}

/// Reads the text of a page.
struct Page<R> {
    input: R,
    state: State,
    text: Vec<u8>,
    at: usize,
    /// The element whose content is being passed over.
    hidden: Option<Vec<u8>>,
    in_pre: bool,
    /// The lists around: how many items those have that are numbered.
    lists: Vec<Option<u32>>,
    /// Whether a line that the page ends has just ended, so that one of the source need not end it again.
    ended_line: bool,
}

#[derive(Debug)]
enum State {
    Text,
    /// Behind `<`: the beginning of the tag.
    Tag(Vec<u8>),
    /// Within a tag whose name is known, and which quote is open.
    Attributes(Option<u8>),
    /// In a comment, with how many of its last bytes are hyphens.
    Comment(u8),
    /// Behind `&`.
    Reference(Vec<u8>),
}

impl<R: BufRead> Page<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            state: State::Text,
            text: Vec::new(),
            at: 0,
            hidden: None,
            in_pre: false,
            lists: Vec::new(),
            ended_line: false,
        }
    }

    fn byte(&mut self, byte: u8) {
        match &mut self.state {
            State::Text => self.text(byte),
            State::Tag(name) => match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'!' | b'?' | b'-' | b':'
                    if begins_tag(name, byte) =>
                {
                    if name.len() < LONGEST_NAME {
                        name.push(byte.to_ascii_lowercase());
                    }
                    if name == b"!--" {
                        self.state = State::Comment(0);
                    }
                }
                _ if name.is_empty() || name == b"/" => {
                    // Not a tag: `<1 ms`, `< 1`.
                    let mut shown = b"<".to_vec();
                    shown.append(name);
                    self.state = State::Text;
                    self.put(&shown);
                    self.byte(byte);
                }
                // Nothing but their own end is a tag in what is not shown.
                _ if self.hidden.as_ref().is_some_and(|hidden| name.get(1..) != Some(hidden)) => {
                    self.state = State::Text;
                    self.byte(byte);
                }
                _ => {
                    let name = std::mem::take(name);
                    self.state = State::Attributes(None);
                    self.tag(&name);
                    self.byte(byte);
                }
            },
            State::Attributes(quote) => match (byte, *quote) {
                (b'>', None) => self.state = State::Text,
                (b'"' | b'\'', None) => *quote = Some(byte),
                (_, Some(open)) if open == byte => *quote = None,
                _ => {}
            },
            State::Comment(hyphens) => match byte {
                b'-' => *hyphens = hyphens.saturating_add(1),
                b'>' if *hyphens >= 2 => self.state = State::Text,
                _ => *hyphens = 0,
            },
            State::Reference(name) => {
                let is_name = byte.is_ascii_alphanumeric() || byte == b'#' && name.is_empty();
                if is_name && name.len() < LONGEST_REFERENCE {
                    name.push(byte);
                    return;
                }
                let name = std::mem::take(name);
                self.state = State::Text;
                self.reference(&name);
                if byte != b';' {
                    self.byte(byte);
                }
            }
        }
    }

    fn text(&mut self, byte: u8) {
        match byte {
            b'<' => self.state = State::Tag(Vec::new()),
            _ if self.hidden.is_some() => {}
            b'&' => self.state = State::Reference(Vec::new()),
            b'\n' if self.ended_line && !self.in_pre => self.ended_line = false,
            b'\r' if self.ended_line && !self.in_pre => {}
            _ => self.put(&[byte]),
        }
    }

    fn put(&mut self, shown: &[u8]) {
        if self.hidden.is_none() {
            self.text.extend_from_slice(shown);
            self.ended_line = false;
        }
    }

    fn tag(&mut self, name: &[u8]) {
        let (is_end, element) = match name.strip_prefix(b"/") {
            Some(element) => (true, element),
            None => (false, name.strip_suffix(b"/").unwrap_or(name)),
        };
        let is_one_of = |names: &[&str]| names.iter().any(|name| name.as_bytes() == element);
        if let Some(hidden) = &self.hidden {
            if is_end && hidden == element {
                self.hidden = None;
            }
            return;
        }
        if is_one_of(&HIDDEN) && !is_end {
            self.hidden = Some(element.to_vec());
        } else if element == b"br" || element == b"tr" && is_end {
            self.end_line();
        } else if is_one_of(&["td", "th"]) && is_end {
            self.put(b" ");
        } else if is_one_of(&BLOCKS) {
            self.in_pre = match element {
                b"pre" => !is_end,
                _ => self.in_pre,
            };
            if !self.text.is_empty() && self.text.last() != Some(&b'\n') {
                self.end_line();
            }
            self.list(element, is_end);
        }
    }

    /// A page shows the numbers of a list, and does not contain them.
    fn list(&mut self, element: &[u8], is_end: bool) {
        match element {
            b"ol" | b"ul" if is_end => {
                self.lists.pop();
            }
            b"ol" | b"ul" if self.lists.len() < DEEPEST_LIST => {
                self.lists.push((element == b"ol").then_some(0));
            }
            b"li" if !is_end => {
                if let Some(Some(number)) = self.lists.last_mut() {
                    *number = number.saturating_add(1);
                    let shown = format!("{number}. ");
                    self.put(shown.as_bytes());
                }
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        self.put(b"\n");
        self.ended_line = true;
    }

    fn reference(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name);
        let written = format!("&{name};");
        let shown = match html_escape::decode_html_entities(&written) {
            // It stands for nothing.
            shown if shown == written => format!("&{name}"),
            shown => shown.replace('\u{a0}', " "),
        };
        self.put(shown.as_bytes());
    }

    /// Reads on, until there is some text; false at the end.
    fn more(&mut self) -> io::Result<bool> {
        // What is kept is the end of the last line, which the next tag asks for.
        let last = self.text.last().copied();
        self.text.clear();
        self.at = 0;
        if let Some(last) = last {
            self.text.push(last);
            self.at = 1;
        }
        while self.text.len() == self.at {
            let bytes = self.input.fill_buf()?.to_vec();
            if bytes.is_empty() {
                match std::mem::replace(&mut self.state, State::Text) {
                    State::Reference(name) => self.reference(&name),
                    State::Tag(name) => {
                        self.put(b"<");
                        self.put(&name);
                    }
                    _ => {}
                }
                return Ok(self.text.len() > self.at);
            }
            self.input.consume(bytes.len());
            for byte in bytes {
                self.byte(byte);
            }
        }
        Ok(true)
    }
}

/// Whether `byte` can stand behind the beginning `name` of a tag.
fn begins_tag(name: &[u8], byte: u8) -> bool {
    match name {
        [] => byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?'),
        b"/" => byte.is_ascii_alphabetic(),
        [b'!', ..] => true,
        _ => byte != b'!' && byte != b'?',
    }
}

impl<R: BufRead> Read for Page<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() && !to.is_empty() && !self.more()? {
            return Ok(0);
        }
        let read = self.text.get(self.at..).unwrap_or_default().read(to)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn shown(page: &str) -> String {
        assert!(is_page(page.as_bytes()), "{page}");
        io::read_to_string(Page::new(page.as_bytes())).expect("read")
    }

    #[test]
    fn tags_go_and_what_looks_like_one_stays() {
        assert_eq!(shown("<pre>a <b class=\"x>y\">1</b>  <1 ms < 2 </pre>"), "a 1  <1 ms < 2 \n");
        assert_eq!(shown("<p>a<!-- <b> -- > -->b<script>if (a<b) {}</script>c"), "abc");
    }

    #[test]
    fn references_become_their_characters() {
        assert_eq!(
            shown("<pre>&nbsp;1&nbsp;&lt;1&#32;ms &#x31;&amp;lt; &euml; AT&T &nothing; a&b"),
            " 1 <1 ms 1&lt; \u{eb} AT&T &nothing a&b"
        );
    }

    #[test]
    fn lines_end_where_the_page_shows_it() {
        assert_eq!(shown("<html><body><p>a<br>\nb<br/>c<div>d</div><p>e"), "a\nb\nc\nd\ne");
        assert_eq!(shown("<pre>a\n\nb<br>\nc</pre>d"), "a\n\nb\n\nc\nd");
        assert_eq!(
            shown("<table><tr><td>1</td><td>x</td></tr><tr><td>2</td></tr></table>"),
            "1 x \n2 \n"
        );
    }

    #[test]
    fn items_have_the_numbers_that_a_page_shows() {
        assert_eq!(
            shown("<p>a<ol><li>b</li><li>c<ul><li>d</ul></li><li>e</ol>f"),
            "a\n1. b\n2. c\nd\n3. e\nf"
        );
    }

    #[test]
    fn a_text_is_no_page() {
        for text in [
            "traceroute to <host>",
            "{\"a\":\"<pre>\"}",
            "<MTR SRC=\"a\">",
            "<?xml version=\"1.0\"?>\n<nmaprun>",
            "",
        ] {
            assert!(!is_page(text.as_bytes()), "{text}");
        }
        assert!(is_page(
            b"\xef\xbb\xbf <?xml version=\"1.0\"?>\n<!-- saved -->\n<!DOCTYPE html PUBLIC>"
        ));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_comes(
            page in "<pre>([a-c\n\r]|<[/a-z!-]{0,4}>?|&[#a-z0-9]{0,5};?|<!--|-->|\"|<script>|</script>){0,30}",
            size in 1_usize..9,
        ) {
            let whole = shown(&page);
            let pieces = BufReader::with_capacity(size, page.as_bytes());
            prop_assert_eq!(whole, io::read_to_string(Page::new(pieces)).expect("read"));
        }

        #[test]
        fn any_bytes_are_a_page(bytes: Vec<u8>) {
            io::copy(&mut Page::new(bytes.as_slice()), &mut io::sink()).expect("read");
        }
    }
}
