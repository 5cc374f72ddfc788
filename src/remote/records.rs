//! Results as they come: one JSON object after the other, whatever stands around them, each once. A transfer that
//! breaks off is made again, and what came before is not handed on twice.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foldhash::{HashSet, HashSetExt};
use serde::Deserialize;
use serde_json::Value;
use siphasher::sip::SipHasher13;

use super::client::{Client, Retries, Watched};
use super::error::RemoteError;
use super::http;
use crate::input::json;

/// How many results are remembered: 16 bytes each.
const MOST_REMEMBERED: usize = 8 << 20;
/// How often a transfer may break off without that anything new came.
const MOST_FUTILE: u32 = 4;
/// How long a service is asked for the rest of what broke off.
const ASKED_AGAIN: Duration = Duration::from_mins(2);
const BUFFER: usize = 64 << 10;
/// The longest result.
const LONGEST: usize = 4 << 20;
/// How much may come without that anything in it is new, beyond what came before in another transfer.
const MOST_OLD: u64 = 64 << 20;
/// The same, in records.
const MOST_OLD_RECORDS: usize = 1 << 20;

/// Results that were handed on before.
#[derive(Debug)]
pub struct Seen(HashSet<u64>);

impl Default for Seen {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl Seen {
    /// Whether `record` is new: no other has its measurement, probe and time.
    pub fn is_new(&mut self, record: &[u8]) -> bool {
        let key = key(record);
        if self.0.len() >= MOST_REMEMBERED && !self.0.contains(&key) {
            self.0.clear();
        }
        self.0.insert(key)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What makes a result the same as another: a probe makes one at a time.
#[derive(Deserialize)]
struct Identity {
    msm_id: Value,
    prb_id: Value,
    timestamp: Value,
}

fn key(record: &[u8]) -> u64 {
    let hasher = SipHasher13::new();
    match serde_json::from_slice::<Identity>(record) {
        Ok(Identity { msm_id, prb_id, timestamp }) => {
            hasher.hash(format!("{msm_id} {prb_id} {timestamp}").as_bytes())
        }
        Err(_) => hasher.hash(record),
    }
}

type Batches = Box<dyn Iterator<Item = io::Result<json::Batch>> + Send>;

/// A body that is shared with what cuts it.
struct Shared(Arc<Mutex<Watched>>);

impl Read for Shared {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(to)
    }
}

/// The results at one path.
pub struct Records<'c> {
    client: &'c mut Client,
    what: String,
    path: String,
    retries: Retries,
    seen: &'c mut Seen,
    open: Option<(Batches, Arc<Mutex<Watched>>)>,
    waiting: VecDeque<Vec<u8>>,
    /// How many may come, new ones and others; more are not read.
    most: usize,
    read: usize,
    until: Option<Duration>,
    futile: u32,
    new: bool,
    /// How much was read of the longest transfer.
    longest: u64,
    /// How many records have come since the last new one.
    old: usize,
    ended: bool,
    /// How many records of this transfer cannot be read.
    unread: u64,
    /// How many records cannot be read, when all have come.
    pub malformed: u64,
    /// What the reader of [`Self::lines`] could not say.
    failed: Option<RemoteError>,
}

impl<'c> Records<'c> {
    pub(super) fn new(
        client: &'c mut Client,
        what: String,
        path: String,
        seen: &'c mut Seen,
        most: usize,
    ) -> Self {
        let until = client.clock.now() + ASKED_AGAIN;
        let retries = Retries::new(client, &what, until);
        Self {
            client,
            what,
            path,
            retries,
            seen,
            open: None,
            waiting: VecDeque::new(),
            most,
            read: 0,
            until: None,
            futile: 0,
            new: false,
            longest: 0,
            old: 0,
            ended: false,
            unread: 0,
            malformed: 0,
            failed: None,
        }
    }

    /// Waits no longer than `until`.
    pub(super) fn end_at(&mut self, until: Duration) {
        self.until = Some(until);
        self.retries.end_at(until);
    }

    /// The next result, on one line and without the key.
    ///
    /// # Errors
    /// When the service does not answer, or what it sends breaks off again and again.
    pub fn next_record(&mut self) -> Result<Option<Vec<u8>>, RemoteError> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                return Ok(Some(record));
            }
            if self.ended || self.read >= self.most {
                return Ok(None);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> Result<(), RemoteError> {
        if self.open.is_none() {
            let (client, retries) = (&mut *self.client, &mut self.retries);
            let mut body = client.stream(&self.what, &self.path, retries, self.until)?;
            body.may_come(self.longest + MOST_OLD);
            let body = Arc::new(Mutex::new(body));
            let reader = BufReader::with_capacity(BUFFER, Shared(Arc::clone(&body)));
            (self.new, self.unread) = (false, 0);
            self.open = Some((Box::new(json::cut(Box::new(reader), LONGEST)), body));
        }
        let Some((batches, body)) = &mut self.open else { return Ok(()) };
        let why = match batches.next() {
            Some(Ok(batch)) => {
                let mut is_cut = false;
                for (_, record) in batch.records() {
                    self.read += 1;
                    self.old += 1;
                    match record {
                        Ok(record) if self.seen.is_new(record) => {
                            self.waiting.push_back(one_line(record, self.client));
                        }
                        Ok(_) => {}
                        Err(why) if why == json::ENDS_WITHIN => is_cut = true,
                        Err(_) => self.unread += 1,
                    }
                }
                // What came before a transfer broke off comes again.
                if self.waiting.is_empty() && self.old > self.read / 2 + MOST_OLD_RECORDS {
                    let why = format!("nothing new is in the last {} records", self.old);
                    return Err(RemoteError::Unexpected { what: self.what.clone(), why });
                }
                if !self.waiting.is_empty() {
                    self.old = 0;
                    let mut body = body.lock().unwrap_or_else(PoisonError::into_inner);
                    body.may_come(MOST_OLD);
                    drop(body);
                    self.new = true;
                    self.futile = 0;
                    self.retries.renew(self.client, ASKED_AGAIN);
                }
                if !is_cut {
                    return Ok(());
                }
                "it broke off within a result".to_owned()
            }
            // It would be so again.
            Some(Err(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                let (what, why) = (self.what.clone(), error.to_string());
                return Err(RemoteError::Unexpected { what, why });
            }
            Some(Err(error)) => http::broken(&error),
            None if body.lock().unwrap_or_else(PoisonError::into_inner).is_cut_off() => {
                "it broke off, or is a page instead of results".to_owned()
            }
            None => {
                self.ended = true;
                self.malformed = self.unread;
                return Ok(());
            }
        };
        let length = body.lock().unwrap_or_else(PoisonError::into_inner).length;
        self.longest = self.longest.max(length);
        self.open = None;
        self.client.interrupted(&self.what)?;
        self.futile += u32::from(!self.new);
        if self.futile >= MOST_FUTILE {
            let why = format!("{why}, {MOST_FUTILE} times at the same place");
            return Err(RemoteError::Unexpected { what: self.what.clone(), why });
        }
        self.retries.wait_for_more(self.client, why)
    }

    /// The results as lines, for the formats of [`crate::import`].
    pub fn lines(&mut self) -> Lines<'_, 'c> {
        Lines { records: self, line: Vec::new(), at: 0 }
    }

    /// Why [`Self::lines`] ended early, if it did.
    pub fn failure(&mut self) -> Option<RemoteError> {
        self.failed.take()
    }
}

fn one_line(record: &[u8], client: &Client) -> Vec<u8> {
    // Within JSON a line ends only between values.
    let line = String::from_utf8_lossy(record).replace(['\n', '\r'], " ");
    if client.has_key() { client.strip(&line).into_bytes() } else { line.into_bytes() }
}

/// Results as a text of lines.
pub struct Lines<'r, 'c> {
    records: &'r mut Records<'c>,
    line: Vec<u8>,
    at: usize,
}

impl Read for Lines<'_, '_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.line.len() {
            match self.records.next_record() {
                Ok(Some(record)) => {
                    (self.line, self.at) = (record, 0);
                    self.line.push(b'\n');
                }
                Ok(None) => return Ok(0),
                Err(error) => {
                    let text = error.to_string();
                    self.records.failed = Some(error);
                    return Err(io::Error::other(text));
                }
            }
        }
        let rest = self.line.get(self.at..).unwrap_or_default();
        let length = rest.len().min(to.len());
        to.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.at += length;
        Ok(length)
    }
}
