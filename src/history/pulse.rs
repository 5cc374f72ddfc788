//! Whether there is anything at all: traces that arrive, hosts that answer.

use std::rc::Rc;

use super::Row;
use super::chance::{Learned, SETTLED, too_few};

/// Something that beats with every run, and may stop.
pub(super) struct Pulse {
    /// Up to this part of what is usual is as good as nothing.
    floor: f64,
    beats: Option<bool>,
    share: Learned,
    doubt: f64,
    last_with: Option<Rc<Row>>,
    last_without: Option<Rc<Row>>,
    first: Option<Rc<Row>>,
}

/// It stopped, or began again.
pub(super) struct Turn {
    pub(super) beats: bool,
    pub(super) before: Rc<Row>,
    pub(super) after: Rc<Row>,
}

impl Pulse {
    pub(super) fn new(floor: f64) -> Self {
        Self {
            floor,
            beats: None,
            share: Learned::default(),
            doubt: 0.0,
            last_with: None,
            last_without: None,
            first: None,
        }
    }

    /// Whether it beats, without a doubt.
    pub(super) fn is_sure(&self) -> bool {
        self.beats == Some(true) && self.first.is_none()
    }

    /// Whether it has stopped.
    pub(super) fn has_stopped(&self) -> bool {
        self.beats == Some(false)
    }

    /// Feels a run in which `count` of `of` were there.
    pub(super) fn feel(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
        if of == 0 {
            return None;
        }
        match self.beats {
            None => {
                // What begins with a run that was cut short may be anything.
                if count > 0 || row.complete {
                    self.beats = Some(count > 0);
                    self.learn(row, count, of);
                }
                None
            }
            Some(true) => self.beating(row, count, of),
            Some(false) => self.stopped(row, count, of),
        }
    }

    fn learn(&mut self, row: &Rc<Row>, count: u32, of: u32) {
        let last = if count > 0 { &mut self.last_with } else { &mut self.last_without };
        *last = Some(Rc::clone(row));
        if count > 0 {
            self.share.add(f64::from(count), f64::from(of));
        }
        (self.doubt, self.first) = (0.0, None);
    }

    fn beating(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
        let share = self.share.share();
        if f64::from(count) > self.floor * share * f64::from(of) {
            self.learn(row, count, of);
            return None;
        }
        if !row.complete {
            return None;
        }
        self.doubt += too_few(count, of, self.share.at_least());
        let after = Rc::clone(self.first.get_or_insert_with(|| Rc::clone(row)));
        if self.doubt < SETTLED {
            return None;
        }
        (self.beats, self.first) = (Some(false), None);
        self.last_without = Some(Rc::clone(row));
        let before = self.last_with.as_ref().map(Rc::clone)?;
        Some(Turn { beats: false, before, after })
    }

    fn stopped(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
        let enough = f64::from(count) > self.floor * 2.0 * self.share.share() * f64::from(of);
        if count == 0 || !enough {
            if row.complete {
                (self.last_without, self.first) = (Some(Rc::clone(row)), None);
            }
            return None;
        }
        let again = self.first.is_some();
        let after = Rc::clone(self.first.get_or_insert_with(|| Rc::clone(row)));
        // One or two traces that arrive may be others' noise; a host that answers is no noise.
        if !(again || count >= 3 || count == of || self.floor == 0.0) {
            return None;
        }
        self.beats = Some(true);
        self.learn(row, count, of);
        let before = self.last_without.as_ref().map(Rc::clone)?;
        Some(Turn { beats: true, before, after })
    }
}
