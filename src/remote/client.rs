//! Asking a service: what may be asked again is, within a budget of time; what may not is never.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use super::backoff::{Backoff, Clock, retry_after};
use super::error::{Refusal, RemoteError, looks_like_a_page, shown};
use super::http::{self, Answer, Ask, Delivery, Http, NoAnswer};
use super::key::Key;

/// The most that is read of an answer that is no stream of results.
const LONGEST: u64 = 8 << 20;
/// The most that is read of a refusal.
const LONGEST_REFUSAL: u64 = 256 << 10;
/// How often a service may send on to another path of its own.
const MOST_REDIRECTS: usize = 5;
/// The first wait after a failure is so much shorter than the one after a refusal to be asked so often.
const QUICKER: u32 = 5;

/// A service that measures.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub url: &'static str,
    /// The path of its resources.
    pub(super) folder: &'static str,
    /// The word before the key.
    pub(super) scheme: &'static str,
}

/// Asks a service.
pub struct Client {
    pub(super) service: Service,
    http: Http,
    key: Option<Key>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: StdRng,
    first: Duration,
}

/// What became of a request that must not be made twice.
#[derive(Debug)]
pub(super) enum Posted {
    /// It was accepted.
    Accepted(Value),
    /// Nobody knows: it may have been accepted.
    Lost(String),
}

/// Why an answer has no body that can be used.
#[derive(Debug)]
enum NoBody {
    /// The transfer ended early.
    BrokenOff(String),
    /// It is longer than any right one, in bytes.
    TooLong(u64),
}

impl fmt::Display for NoBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenOff(why) => write!(f, "the answer broke off: {why}"),
            Self::TooLong(most) => write!(f, "the answer is longer than {} KiB", most >> 10),
        }
    }
}

/// Why one attempt brought nothing.
enum Attempt {
    /// Another one may.
    Later { why: String, asked: Option<Duration>, too_often: bool },
    /// None will.
    Never(Box<RemoteError>),
}

impl Attempt {
    /// Another one may bring something, after the usual time.
    fn later(why: String) -> Self {
        Self::Later { why, asked: None, too_often: false }
    }

    /// There is no answer; where a proxy refuses, there would be none again.
    fn without_answer(what: &str, none: NoAnswer) -> Self {
        if none.delivery == Delivery::Refused {
            let (what, why) = (what.to_owned(), none.why);
            return Self::Never(Box::new(RemoteError::Unexpected { what, why }));
        }
        Self::later(none.why)
    }

    /// The answer has no body that can be used; one that is too long would be so again.
    fn without_body(what: &str, none: NoBody) -> Self {
        match none {
            NoBody::BrokenOff(why) => Self::later(why),
            NoBody::TooLong(_) => {
                let (what, why) = (what.to_owned(), none.to_string());
                Self::Never(Box::new(RemoteError::Unexpected { what, why }))
            }
        }
    }
}

impl Client {
    /// A client of `service`, or of a copy of it at `api`. `seed` is for the jitter; `first` is how long the service
    /// is left alone when it says for the first time that it is asked too often.
    ///
    /// # Errors
    /// When `api` is no address, or a proxy that the environment names is none.
    pub fn new(
        service: Service,
        api: Option<&str>,
        key: Option<Key>,
        clock: Arc<dyn Clock>,
        seed: u64,
        first: Duration,
    ) -> Result<Self, RemoteError> {
        let http = Http::new(api.unwrap_or(service.url), service.folder)?;
        Ok(Self { service, http, key, clock, random: StdRng::seed_from_u64(seed), first })
    }

    /// The time of day.
    #[must_use]
    pub fn utc(&self) -> Timestamp {
        self.clock.utc()
    }

    /// Whether there is a key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// `text` without the key.
    #[must_use]
    pub fn strip(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.strip(text))
    }

    pub(super) fn path(&self, path: &str) -> String {
        self.http.path(path)
    }

    pub(super) fn on_this_host(&self, path: &str, link: &str) -> Option<String> {
        self.http.on_this_host(path, link)
    }

    /// Asks for what is at `path`, without the key unless `keyed`, until `read` makes something of the answer.
    pub(super) fn get<T>(
        &mut self,
        what: &str,
        path: &str,
        keyed: bool,
        until: Duration,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, RemoteError> {
        let mut retries = Retries::new(self, what, until);
        loop {
            let attempt = self.answer(what, path, keyed).and_then(|answer| {
                let body = self.body(answer, LONGEST, until);
                let body = body.map_err(|none| Attempt::without_body(what, none))?;
                let value = serde_json::from_slice(&body).map_err(|error| {
                    Attempt::later(if looks_like_a_page(&body) {
                        "a page came instead of JSON, as from a proxy or a sign-in".into()
                    } else {
                        format!("the answer is no whole JSON ({error})")
                    })
                })?;
                read(&value).map_err(Attempt::later)
            });
            match attempt {
                Ok(value) => return Ok(value),
                Err(failed) => retries.wait(self, failed)?,
            }
        }
    }

    /// Fetches what is at `path`, up to `most` bytes, and when it was last changed, as the service writes it.
    pub(super) fn bytes(
        &mut self,
        what: &str,
        path: &str,
        until: Duration,
        most: u64,
    ) -> Result<(Vec<u8>, Option<String>), RemoteError> {
        let mut retries = Retries::new(self, what, until);
        loop {
            let attempt = self.answer(what, path, false).and_then(|answer| {
                let changed = answer.header("last-modified").map(str::to_owned);
                match self.body(answer, most, until) {
                    Ok(body) if looks_like_a_page(&body) => {
                        Err(Attempt::later("a page came instead of the file".into()))
                    }
                    Ok(body) => Ok((body, changed)),
                    Err(none) => Err(Attempt::without_body(what, none)),
                }
            });
            match attempt {
                Ok(fetched) => return Ok(fetched),
                Err(failed) => retries.wait(self, failed)?,
            }
        }
    }

    /// Asks for a stream; only its beginning is sure to come.
    pub(super) fn stream(
        &mut self,
        what: &str,
        path: &str,
        retries: &mut Retries,
        until: Option<Duration>,
    ) -> Result<Watched, RemoteError> {
        loop {
            match self.answer(what, path, false) {
                Ok(answer) => return Ok(self.watched(answer, until)),
                Err(failed) => retries.wait(self, failed)?,
            }
        }
    }

    /// Sends a request that makes something new. It is sent again only if it was surely not received, or refused
    /// because of too many requests.
    pub(super) fn post(
        &mut self,
        what: &str,
        path: &str,
        body: &str,
        until: Duration,
    ) -> Result<Posted, RemoteError> {
        let mut retries = Retries::new(self, what, until);
        loop {
            self.interrupted(what)?;
            let answer =
                match self.http.ask(Ask::Post(body), path, self.authorization(true).as_deref()) {
                    Ok(answer) => answer,
                    Err(none) if none.delivery == Delivery::Uncertain => {
                        return Ok(Posted::Lost(self.strip(&none.why)));
                    }
                    Err(none) => {
                        retries.wait(self, Attempt::without_answer(what, none))?;
                        continue;
                    }
                };
            let status = answer.status;
            match status {
                200..=299 => {
                    let read = self.body(answer, LONGEST_REFUSAL, until);
                    let value = read.map(|body| serde_json::from_slice(&body).ok());
                    return Ok(match value {
                        Ok(Some(value)) => Posted::Accepted(value),
                        Ok(None) => Posted::Lost("the answer cannot be read".into()),
                        Err(none) => Posted::Lost(none.to_string()),
                    });
                }
                429 => {
                    let asked = self.asked(&answer);
                    let refused = self.refused(what, answer);
                    let why = refused.to_string();
                    let failed = Attempt::Later { why, asked, too_often: true };
                    retries.wait(self, failed).map_err(|error| match (error, refused) {
                        (
                            RemoteError::Unavailable { .. },
                            RemoteError::Refused { service, what, refusal, .. },
                        ) => {
                            let advice = asked.map_or_else(String::new, |asked| {
                                format!("; it asks to wait {} s", asked.as_secs())
                            });
                            RemoteError::Refused { service, what, refusal, advice }
                        }
                        (error, _) => error,
                    })?;
                }
                408 | 500..=599 => return Ok(Posted::Lost(format!("HTTP {status}"))),
                300..=399 => return Err(self.redirected(what, &answer)),
                _ => return Err(self.refused(what, answer)),
            }
        }
    }

    /// Asks that something ends; that may be asked again.
    pub(super) fn delete(
        &mut self,
        what: &str,
        path: &str,
        until: Duration,
    ) -> Result<(), RemoteError> {
        let mut retries = Retries::new(self, what, until);
        loop {
            self.interrupted(what)?;
            let failed = match self.http.ask(Ask::Delete, path, self.authorization(true).as_deref())
            {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
                Ok(answer) => self.failed(what, answer),
                Err(none) => Attempt::without_answer(what, none),
            };
            retries.wait(self, failed)?;
        }
    }

    /// One attempt to get what is at `path`.
    fn answer(&self, what: &str, path: &str, keyed: bool) -> Result<Answer, Attempt> {
        let mut path = path.to_owned();
        for redirects in 0..=MOST_REDIRECTS {
            self.interrupted(what).map_err(|error| Attempt::Never(Box::new(error)))?;
            // The key goes where it was meant to go, and no further.
            let key = self.authorization(keyed && redirects == 0);
            let answer = self
                .http
                .ask(Ask::Get, &path, key.as_deref())
                .map_err(|none| Attempt::without_answer(what, none))?;
            match answer.status {
                200..=299 => return Ok(answer),
                301 | 302 | 303 | 307 | 308 => {
                    let to =
                        answer.header("location").and_then(|to| self.http.on_this_host(&path, to));
                    match to {
                        Some(to) => path = to,
                        None => {
                            return Err(Attempt::Never(Box::new(self.redirected(what, &answer))));
                        }
                    }
                }
                _ => return Err(self.failed(what, answer)),
            }
        }
        let why = "it is sent on from one path to the next without an end".to_owned();
        Err(Attempt::Never(Box::new(RemoteError::Unexpected { what: what.into(), why })))
    }

    fn authorization(&self, keyed: bool) -> Option<String> {
        let key = self.key.as_ref().filter(|_| keyed)?;
        Some(format!("{} {}", self.service.scheme, key.expose()))
    }

    /// What an answer means that is none of those hoped for.
    fn failed(&self, what: &str, answer: Answer) -> Attempt {
        let status = answer.status;
        match status {
            408 | 425 | 429 | 500..=599 => {
                let asked = self.asked(&answer);
                let said = Refusal::read(status, &self.refusal(answer), self.key.as_ref());
                Attempt::Later { why: said.to_string(), asked, too_often: status == 429 }
            }
            300..=399 => Attempt::Never(Box::new(self.redirected(what, &answer))),
            _ => Attempt::Never(Box::new(self.refused(what, answer))),
        }
    }

    fn refusal(&self, answer: Answer) -> Vec<u8> {
        let until = self.clock.now() + Duration::from_secs(30);
        self.body(answer, LONGEST_REFUSAL, until).unwrap_or_default()
    }

    fn refused(&self, what: &str, answer: Answer) -> RemoteError {
        let status = answer.status;
        let refusal = Refusal::read(status, &self.refusal(answer), self.key.as_ref());
        let (service, what, advice) = (self.service.name, what.to_owned(), String::new());
        if matches!(status, 401 | 403) {
            RemoteError::NotPermitted { service, what, refusal, advice }
        } else {
            RemoteError::Refused { service, what, refusal, advice }
        }
    }

    fn redirected(&self, what: &str, answer: &Answer) -> RemoteError {
        let to = answer.header("location").unwrap_or("nowhere");
        let to = self.strip(&shown(to));
        let status = answer.status;
        let why = format!(
            "it is sent on to {to} (HTTP {status}), which is not followed; if the service has moved, name its new address"
        );
        RemoteError::Unexpected { what: what.into(), why }
    }

    /// How long the service wants to be left alone.
    fn asked(&self, answer: &Answer) -> Option<Duration> {
        let utc = self.clock.utc();
        let value = answer.header("retry-after").or_else(|| answer.header("x-ratelimit-reset"))?;
        retry_after(value, utc)
    }

    /// The body of `answer`, up to `most` bytes.
    fn body(&self, answer: Answer, most: u64, until: Duration) -> Result<Vec<u8>, NoBody> {
        let mut body = Vec::new();
        let read = self.watched(answer, Some(until)).take(most + 1).read_to_end(&mut body);
        read.map_err(|error| NoBody::BrokenOff(http::broken(&error)))?;
        if u64::try_from(body.len()).is_ok_and(|length| length > most) {
            return Err(NoBody::TooLong(most));
        }
        Ok(body)
    }

    fn watched(&self, answer: Answer, until: Option<Duration>) -> Watched {
        let is_page = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
        Watched {
            body: answer.body,
            clock: Arc::clone(&self.clock),
            until,
            is_page,
            first: None,
            last: None,
            length: 0,
            most: u64::MAX,
        }
    }

    pub(super) fn interrupted(&self, what: &str) -> Result<(), RemoteError> {
        if self.clock.is_interrupted() {
            return Err(RemoteError::Interrupted(format!("{what}: interrupted")));
        }
        Ok(())
    }
}

/// How long it is tried to get one answer.
pub(super) struct Retries {
    what: String,
    began: Duration,
    until: Duration,
    /// No success makes it longer than this.
    latest: Option<Duration>,
    first: Duration,
    failures: Backoff,
    refusals: Backoff,
}

impl Retries {
    pub(super) fn new(client: &Client, what: &str, until: Duration) -> Self {
        let first = client.first;
        Self {
            what: what.into(),
            began: client.clock.now(),
            until,
            latest: None,
            first,
            failures: Backoff::new(first / QUICKER),
            refusals: Backoff::new(first),
        }
    }

    /// Something came: the next failure is a first one, and what is left of the budget is `more` at least.
    pub(super) fn renew(&mut self, client: &Client, more: Duration) {
        let now = client.clock.now();
        let until = self.until.max(now + more);
        (self.began, self.until) = (now, self.latest.map_or(until, |latest| until.min(latest)));
        (self.failures, self.refusals) =
            (Backoff::new(self.first / QUICKER), Backoff::new(self.first));
    }

    /// Whatever comes, it ends at `latest`.
    pub(super) fn end_at(&mut self, latest: Duration) {
        (self.latest, self.until) = (Some(latest), self.until.min(latest));
    }

    /// A transfer that broke off.
    pub(super) fn wait_for_more(
        &mut self,
        client: &mut Client,
        why: String,
    ) -> Result<(), RemoteError> {
        self.wait(client, Attempt::later(why))
    }

    /// Waits until it may be tried again.
    fn wait(&mut self, client: &mut Client, failed: Attempt) -> Result<(), RemoteError> {
        let (why, asked, too_often) = match failed {
            Attempt::Never(error) => return Err(*error),
            Attempt::Later { why, asked, too_often } => (why, asked, too_often),
        };
        client.interrupted(&self.what)?;
        let backoff = if too_often { &mut self.refusals } else { &mut self.failures };
        let wait = backoff.next(asked, &mut client.random);
        let now = client.clock.now();
        if now.saturating_add(wait) > self.until {
            let why = match asked {
                Some(asked) => format!("{why}; it asks to wait {} s", asked.as_secs()),
                None => why,
            };
            let (what, why) = (self.what.clone(), client.strip(&why));
            return Err(RemoteError::Unavailable {
                what,
                why,
                waited: now.saturating_sub(self.began),
            });
        }
        client.clock.sleep(wait);
        client.interrupted(&self.what)
    }
}

/// A body that is read until the user interrupts, or the time is over.
pub(super) struct Watched {
    body: Box<dyn Read + Send>,
    clock: Arc<dyn Clock>,
    until: Option<Duration>,
    /// Whether it says that it is HTML.
    pub(super) is_page: bool,
    first: Option<u8>,
    last: Option<u8>,
    /// How much was read.
    pub(super) length: u64,
    /// How much may be read.
    most: u64,
}

impl Watched {
    /// It fails when more than `more` comes from here on.
    pub(super) fn may_come(&mut self, more: u64) {
        self.most = self.length + more;
    }

    /// Whether it began as an array and did not end as one, or is no JSON at all.
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_page
            || self.first == Some(b'<')
            || self.first == Some(b'[') && self.last != Some(b']')
    }
}

impl Read for Watched {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.clock.is_interrupted() {
            return Err(io::Error::other("interrupted"));
        }
        if self.until.is_some_and(|until| self.clock.now() > until) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not end in time"));
        }
        if self.length > self.most {
            let why = format!("nothing new is in {} MiB", self.length >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        let length = self.body.read(to)?;
        let mut letters =
            to.get(..length).unwrap_or_default().iter().filter(|byte| !byte.is_ascii_whitespace());
        self.last = letters.clone().next_back().copied().or(self.last);
        self.first = self.first.or(letters.next().copied());
        self.length += u64::try_from(length).unwrap_or_default();
        Ok(length)
    }
}
