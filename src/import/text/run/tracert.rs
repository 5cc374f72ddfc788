//! Lines of Windows tracert and pathping within a run.

use super::{BROKEN, Run, Took, has_open_bracket};
use crate::import::finding::Finding;
use crate::import::format::Sink;
use crate::import::text_trace::Cell;
use crate::import::tracert::row::Row as TracertRow;
use crate::import::{traceroute, tracert};

impl Run {
    pub(super) fn tracert(
        &mut self,
        number: u64,
        (line, is_cut): (&str, bool),
        sink: &mut Sink<'_>,
    ) -> Took {
        if !self.has_hops() && tracert::row::is_origin(line) {
            self.is_pathping = true;
            return Took::Line;
        }
        if self.is_pathping
            && let Some((ttl, sender)) = tracert::row::host_alone(line)
            && self.is_next(ttl)
        {
            self.add(number, ttl, vec![Cell::answer(sender, None)], sink);
            return Took::Line;
        }
        let Some(row) = TracertRow::of(line) else {
            if let Some(ttl) = tracert::row::times_alone(line)
                && self.goes_on(ttl)
                && ttl > self.trace.last()
                && self.has_hops()
            {
                self.is_paused = false;
                self.open = Some((number, line.to_owned()));
                return Took::Line;
            }
            let is_next = traceroute::ttl(line).is_some_and(|(ttl, rest)| {
                self.is_next(ttl)
                    && rest
                        .trim_start()
                        .starts_with(|c: char| c == '*' || c == '<' || c.is_ascii_digit())
            });
            if is_next && self.has_hops() {
                if is_cut {
                    self.trace.is_cut = true;
                } else if has_open_bracket(line) || line.chars().count() >= BROKEN {
                    self.open = Some((number, line.to_owned()));
                } else {
                    self.unread = traceroute::ttl(line).map_or(0, |(ttl, _)| ttl);
                    sink(number, Finding::Malformed("neither a header nor a hop".into()));
                }
                return Took::Line;
            }
            return Took::Nothing;
        };
        // TTLs only rise: this is another trace, without a header.
        let goes_on = self.goes_on(row.ttl) && row.ttl > self.trace.last();
        if !goes_on {
            return Took::Nothing;
        }
        if row.is_open()
            && (has_open_bracket(line) || line.chars().count() >= BROKEN || row.is_bare())
        {
            self.open = Some((number, line.to_owned()));
            self.is_paused = false;
            return Took::Line;
        }
        self.add(number, row.ttl, row.cells(), sink);
        self.trace.is_cut |= is_cut;
        Took::Line
    }
}
