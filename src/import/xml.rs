//! XML as programs write it: elements one after the other, each with its attributes and its text.
//!
//! Documents may stand one behind the other, and the last may be cut off: what is whole is read.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::input::text::decoded;

/// The most of an input that is read: nothing real comes near.
const LONGEST: u64 = 256 << 20;

/// What a document has at one place.
pub(super) enum Part {
    Start(Element),
    /// The text in the element that began last.
    Text(String),
    End(String),
}

/// The beginning of an element.
pub(super) struct Element {
    pub(super) name: String,
    attributes: HashMap<String, String>,
}

impl Element {
    /// An attribute that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Hands each part of `input` to `take`. What is no XML ends it: it says why.
pub(super) fn read(
    input: &mut (dyn BufRead + Send),
    mut take: impl FnMut(Part),
) -> io::Result<Result<(), String>> {
    let mut reader = Reader::from_reader(decoded(input)?.take(LONGEST));
    // Old versions of mtr write names that are none, such as `Loss%`.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => take(Part::Start(element(&start))),
            Ok(Event::Empty(start)) => {
                let element = element(&start);
                let name = element.name.clone();
                take(Part::Start(element));
                take(Part::End(name));
            }
            Ok(Event::Text(text)) => take(Part::Text(text_of(text.as_ref()))),
            Ok(Event::End(end)) => take(Part::End(text_of(end.name().as_ref()))),
            Ok(Event::Eof) => return Ok(Ok(())),
            Ok(_) => {}
            Err(quick_xml::Error::Io(error)) => {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            Err(error) => return Ok(Err(format!("no XML: {error}"))),
        }
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = HashMap::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
            attributes.insert(text_of(attribute.key.as_ref()), value.into_owned());
        }
    }
    Element { name: text_of(start.name().as_ref()), attributes }
}

fn text_of(text: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(text.as_ref()).into_owned()
}
