//! The seam between who is asked next and what carries the question.

use std::net::Ipv4Addr;

use crate::probe::Moment;
use crate::probe::transport::{SendResult, TransportError};

use super::Liveness;

/// One question to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// Who is asked.
    pub target: Ipv4Addr,
    /// Which of the target's questions it is, from 0.
    pub number: u8,
    /// The TCP port, for those means that have any.
    pub port: u16,
}

/// What came back for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Who was asked.
    pub target: Ipv4Addr,
    /// The number of the question.
    pub number: u8,
    /// When it came.
    pub at: Moment,
    /// What it is.
    pub what: What,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A sign of life from the target itself, with the TTL with which it arrived, where the system
    /// says.
    Life(Liveness, Option<u8>),
    /// An answer that is not from the address that was asked.
    Foreign,
    /// An ICMP error, of a router or about the way: no host.
    Error,
}

/// Carries questions and brings answers, by one means.
pub trait Asker {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Asks.
    ///
    /// # Errors
    /// When nothing can be asked any more.
    fn ask(&mut self, question: &Question) -> Result<SendResult, TransportError>;

    /// Adds what was heard, and waits for it until `until` if there is nothing.
    ///
    /// # Errors
    /// When nothing can be heard any more.
    fn hear(&mut self, until: Moment, heard: &mut Vec<Heard>) -> Result<(), TransportError>;
}
