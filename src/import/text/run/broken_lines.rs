//! Lines of a run that a console or a mail program broke: put together where that makes a hop, else read alone.

use super::{BROKEN, Run, Took, has_open_bracket};
use crate::import::finding::Finding;
use crate::import::format::Sink;
use crate::import::mtr::row::Row as MtrRow;
use crate::import::text::family::Family;
use crate::import::traceroute;
use crate::import::traceroute::hop_words::{Begin, HopWords};
use crate::import::tracert::row::Row as TracertRow;

/// No hop takes more, so that lines which could each go on in the next do not grow without end.
const LONGEST_JOINED: usize = 512;

impl Run {
    /// A line behind one that was open: it goes on there, or stands alone.
    pub(super) fn joined(
        &mut self,
        family: Family,
        (first, open): (u64, &str),
        (number, text): (u64, &str),
        sink: &mut Sink<'_>,
    ) -> Took {
        if open.len() + text.len() > LONGEST_JOINED {
            self.closed(family, first, open, sink);
            return self.one(family, number, text, sink);
        }
        if family == Family::Traceroute {
            if let Some(joined) = self.joined_hop(open, text).filter(|_| !self.is_paused) {
                return self.one(family, first, &joined, sink);
            }
            self.closed(family, first, open, sink);
            return self.one(family, number, text, sink);
        }
        let begins_hop = !self.is_paused
            && matches!(family, Family::Tracert | Family::Mtr)
            && Family::begins(text, Some(family), true).is_some();
        if !begins_hop && !self.is_paused {
            let glue =
                if family == Family::Tracert && text.starts_with(['[', '(']) { " " } else { "" };
            let with_blank = format!("{open} {text}");
            let without = format!("{open}{glue}{text}");
            let joined = if family == Family::Tracert && open.chars().count() >= BROKEN {
                without
            } else {
                with_blank
            };
            if self.is_whole(family, &joined) {
                return self.one(family, first, &joined, sink);
            }
        }
        self.closed(family, first, open, sink);
        self.one(family, number, text, sink)
    }

    /// The line of traceroute that was broken into `open` and `text`: between words, as mail programs do it, or
    /// anywhere, as terminals do it.
    fn joined_hop(&self, open: &str, text: &str) -> Option<String> {
        let (ttl, of_open) = traceroute::ttl(open)?;
        let next = Family::begins(text, Some(Family::Traceroute), true);
        if next.is_some_and(|(_, next)| next == ttl.saturating_add(1)) {
            return None;
        }
        let read = |line: &str| HopWords::default().read_line(line);
        let is_strict = |joined: &String| {
            let hop = traceroute::ttl(joined).map(|(_, rest)| read(rest)).unwrap_or_default();
            hop.is_strict && hop.has_answer() && hop.begin != Begin::Other
        };
        let with_blank = format!("{open} {text}");
        let without = format!("{open}{text}");
        let strict = [&with_blank, &without].into_iter().find(|joined| is_strict(joined)).cloned();
        let lenient = || {
            let is_lone = !read(of_open).has_answer();
            (is_lone && self.is_whole(Family::Traceroute, &with_blank)).then(|| with_blank.clone())
        };
        strict.or_else(lenient)
    }

    /// Whether `text` is a hop that says who answered, and when.
    fn is_whole(&self, family: Family, text: &str) -> bool {
        match family {
            Family::Tracert => {
                TracertRow::of(text).is_some_and(|row| !row.is_open() && !has_open_bracket(text))
            }
            Family::Mtr => matches!(MtrRow::of(text, self.columns), Some(MtrRow::Hop(..))),
            _ => traceroute::ttl(text).is_some_and(|(_, rest)| {
                let hop = HopWords::default().read_line(rest);
                hop.has_answer() && hop.begin != Begin::Other
            }),
        }
    }

    /// An open line that did not go on.
    pub(super) fn closed(&mut self, family: Family, number: u64, open: &str, sink: &mut Sink<'_>) {
        if family == Family::Traceroute {
            // It was the next in turn before something else came.
            let was_paused = std::mem::replace(&mut self.is_paused, false);
            let hop = traceroute::ttl(open).map(|(ttl, rest)| {
                let mut words = HopWords::default();
                let hop = words.read_line(rest);
                let is_hop = self.is_hop(ttl, rest, &hop);
                (ttl, words, hop, is_hop)
            });
            match hop {
                Some((ttl, words, hop, true)) => {
                    self.words = words;
                    self.add(number, ttl, hop.cells, sink);
                }
                _ => sink(number, Finding::Malformed("a hop without a time".into())),
            }
            self.is_paused = was_paused;
        } else if family == Family::Tracert {
            if let Some(row) = TracertRow::of(open).filter(|_| !has_open_bracket(open)) {
                self.add(number, row.ttl, row.cells(), sink);
                return;
            }
            sink(number, Finding::Malformed("a hop that is cut off".into()));
        } else {
            sink(number, Finding::Malformed("a hop without a time".into()));
        }
    }
}
