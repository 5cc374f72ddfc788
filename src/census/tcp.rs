//! Connections as a means: that one is refused shows a host as well as that it is accepted.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use crate::probe::Moment;
use crate::probe::transport::{Connections, End, SendResult, TransportError, Tried};

use super::Liveness;
use super::asker::{Asker, Heard, Question, What};

/// ICMP's port unreachable, type and code.
const PORT_UNREACHABLE: (u8, u8) = (3, 3);

/// Asks by connections.
#[derive(Debug)]
pub struct OverTcp {
    connections: Connections,
    /// The numbers of the questions under way.
    asked: HashMap<(SocketAddrV4, Moment), u8>,
    tried: Vec<Tried>,
}

impl OverTcp {
    /// An asker with `connections`.
    #[must_use]
    pub fn new(connections: Connections) -> Self {
        Self { connections, asked: HashMap::new(), tried: Vec::new() }
    }
}

impl Asker for OverTcp {
    fn now(&self) -> Moment {
        self.connections.now()
    }

    fn ask(&mut self, question: &Question) -> Result<SendResult, TransportError> {
        let to = SocketAddrV4::new(question.target, question.port);
        let sent = self.connections.begin(to)?;
        if let SendResult::Sent(at) = sent {
            self.asked.insert((to, at), question.number);
        }
        Ok(sent)
    }

    fn hear(&mut self, until: Moment, heard: &mut Vec<Heard>) -> Result<(), TransportError> {
        self.connections.recv(until, &mut self.tried)?;
        for tried in self.tried.drain(..) {
            let Some(number) = self.asked.remove(&(tried.to, tried.began)) else { continue };
            let Some(what) = what(&tried.end, *tried.to.ip(), tried.to.port()) else { continue };
            heard.push(Heard { target: *tried.to.ip(), number, at: tried.at, what });
        }
        Ok(())
    }
}

fn what(end: &End, target: Ipv4Addr, port: u16) -> Option<What> {
    match *end {
        End::Accepted => Some(What::Life(Liveness::Open(port), None)),
        End::Refused => Some(What::Life(Liveness::Refused(port), None)),
        // A host may refuse so, for the port or for all that it does not want.
        End::Error(from, kind, code) if from == target && (kind, code) == PORT_UNREACHABLE => {
            Some(What::Life(Liveness::Refused(port), None))
        }
        End::Error(..) => Some(What::Error),
        End::Failed => None,
    }
}
