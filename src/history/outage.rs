//! Whether traces arrive at all, or hosts answer: outages.

use std::rc::Rc;

use super::row::Row;
use super::significance::{Learned, SETTLED, too_few};

/// Something that every run should see, and that may be out.
pub(super) struct Availability {
    /// Up to this part of what is usual is as good as nothing.
    floor: f64,
    up: Option<bool>,
    share: Learned,
    doubt: f64,
    last_with: Option<Rc<Row>>,
    last_without: Option<Rc<Row>>,
    first: Option<Rc<Row>>,
}

/// An outage began, or ended.
pub(super) struct Turn {
    pub(super) up: bool,
    pub(super) before: Rc<Row>,
    pub(super) after: Rc<Row>,
}

impl Availability {
    pub(super) fn new(floor: f64) -> Self {
        Self {
            floor,
            up: None,
            share: Learned::default(),
            doubt: 0.0,
            last_with: None,
            last_without: None,
            first: None,
        }
    }

    /// Whether it is there, without a doubt.
    pub(super) fn is_sure(&self) -> bool {
        self.up == Some(true) && self.first.is_none()
    }

    /// Whether it is out.
    pub(super) fn is_out(&self) -> bool {
        self.up == Some(false)
    }

    /// Takes a run in in which `count` of `of` were there.
    pub(super) fn add(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
        if of == 0 {
            return None;
        }
        if row.is_exact() {
            return self.add_exact(row, count, of);
        }
        match self.up {
            None => {
                // What begins with a run that was cut short may be anything.
                if count > 0 || row.complete {
                    self.up = Some(count > 0);
                    self.learn(row, count, of);
                }
                None
            }
            Some(true) => self.while_up(row, count, of),
            Some(false) => self.while_out(row, count, of),
        }
    }

    /// Where all are asked, chance has no part in it: it is out below a tenth, and back above a half.
    fn add_exact(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
        let share = f64::from(count) / f64::from(of);
        let was_up = self.up;
        let up = match was_up {
            Some(false) => share > 0.5,
            _ => share >= 0.1,
        };
        let before = if up { &self.last_without } else { &self.last_with };
        let before = before.as_ref().map(Rc::clone);
        (self.up, self.first) = (Some(up), None);
        let last = if up { &mut self.last_with } else { &mut self.last_without };
        *last = Some(Rc::clone(row));
        if was_up.is_none_or(|was_up| was_up == up) {
            return None;
        }
        Some(Turn { up, before: before?, after: Rc::clone(row) })
    }

    fn learn(&mut self, row: &Rc<Row>, count: u32, of: u32) {
        let last = if count > 0 { &mut self.last_with } else { &mut self.last_without };
        *last = Some(Rc::clone(row));
        if count > 0 {
            self.share.add(f64::from(count), f64::from(of));
        }
        (self.doubt, self.first) = (0.0, None);
    }

    fn while_up(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
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
        (self.up, self.first) = (Some(false), None);
        self.last_without = Some(Rc::clone(row));
        let before = self.last_with.as_ref().map(Rc::clone)?;
        Some(Turn { up: false, before, after })
    }

    fn while_out(&mut self, row: &Rc<Row>, count: u32, of: u32) -> Option<Turn> {
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
        self.up = Some(true);
        self.learn(row, count, of);
        let before = self.last_without.as_ref().map(Rc::clone)?;
        Some(Turn { up: true, before, after })
    }
}
