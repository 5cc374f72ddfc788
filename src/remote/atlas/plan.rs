//! What is to be measured, as the request says it, and what it costs.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::probes::Chosen;
use crate::remote::error::{Refusal, RemoteError};

/// How many packets each hop gets.
const PACKETS: u64 = 3;
/// The bytes that a packet carries beside its headers.
const SIZE: u64 = 48;

/// The kind of packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// ICMP echo requests.
    Icmp,
    /// UDP datagrams.
    Udp,
    /// TCP SYNs to port 80.
    Tcp,
}

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The addresses that are traced.
    pub targets: Vec<Ipv4Addr>,
    /// The probes.
    pub chosen: Chosen,
    /// The kind of packet.
    pub protocol: Protocol,
    /// The mark of the run in each of its measurements.
    pub tag: String,
}

impl Plan {
    /// What a result costs. Those of a measurement that is made once cost twice as much as others.
    #[must_use]
    pub fn per_result() -> u64 {
        2 * 10 * PACKETS * (SIZE / 1500 + 1)
    }

    /// What all results cost.
    #[must_use]
    pub fn cost(&self) -> u64 {
        let results = self.targets.len().saturating_mul(self.chosen.count());
        u64::try_from(results).unwrap_or(u64::MAX).saturating_mul(Self::per_result())
    }

    /// The body of the request.
    #[must_use]
    pub fn request(&self) -> Value {
        let protocol = match self.protocol {
            Protocol::Icmp => "ICMP",
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        };
        let definition = |target: &Ipv4Addr| {
            let mut definition = json!({
                "type": "traceroute", "af": 4, "target": target, "protocol": protocol, "packets": PACKETS,
                "size": SIZE, "paris": 16, "first_hop": 1, "max_hops": 40, "response_timeout": 4000,
                "description": format!("last foreign hop on the way to {target}, {}", self.tag),
                "tags": [self.tag], "is_public": true,
            });
            if self.protocol == Protocol::Tcp
                && let Some(fields) = definition.as_object_mut()
            {
                fields.insert("port".into(), 80.into());
            }
            definition
        };
        let mut sets = Vec::new();
        let ids: Vec<_> = self.chosen.probes.iter().map(|probe| probe.id.to_string()).collect();
        if !ids.is_empty() {
            sets.push(json!({"type": "probes", "value": ids.join(","), "requested": ids.len()}));
        }
        for (area, count) in &self.chosen.areas {
            sets.push(json!({
                "type": "area", "value": area, "requested": count, "tags": {"include": ["system-ipv4-works"]},
            }));
        }
        let definitions: Vec<_> = self.targets.iter().map(definition).collect();
        json!({"definitions": definitions, "probes": sets, "is_oneoff": true})
    }
}

/// Adds what to do to what the service refuses.
pub(super) fn advised(error: RemoteError, targets: &[Ipv4Addr]) -> RemoteError {
    match error {
        RemoteError::Refused { service, what, refusal, .. } => {
            let advice = advice(&refusal, targets);
            RemoteError::Refused { service, what, refusal, advice }
        }
        RemoteError::NotPermitted { service, what, refusal, .. } => {
            let advice = "; check that the key is valid and has the grant to create measurements \
                (atlas.ripe.net/keys)"
                .to_owned();
            RemoteError::NotPermitted { service, what, refusal, advice }
        }
        error => error,
    }
}

fn advice(refusal: &Refusal, targets: &[Ipv4Addr]) -> String {
    let said = refusal.to_string();
    let mut words = said.split(|c: char| !c.is_ascii_digit() && c != '.');
    let named: Option<Ipv4Addr> = words.find_map(|word| word.trim_matches('.').parse().ok());
    if refusal.mentions(&["same target", "concurrent measurements"]) || named.is_some() {
        let target = named.or(targets.first().copied()).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let [a, b, c, d] = target.octets();
        let other = Ipv4Addr::new(a, b, c, if d < 254 { d + 1 } else { 1 });
        format!(
            "; another address of the same prefix shows the same way: name {other} instead of {target}"
        )
    } else if refusal.mentions(&["credit"]) {
        "; fewer --probes cost less, and a connected probe of one's own earns some 21,600 a day"
            .into()
    } else if refusal.mentions(&["results limit", "daily", "quota", "maximum"]) {
        "; take fewer --probes, or wait until running measurements have ended".into()
    } else if refusal.mentions(&["suitable", "not covered", "no probes", "/probes/"]) {
        "; choose other probes by --from".into()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::run::ProbePlace;

    fn plan() -> Plan {
        let probe = |id| crate::remote::atlas::Probe { id, place: ProbePlace::default() };
        Plan {
            targets: vec![Ipv4Addr::new(175, 45, 176, 71), Ipv4Addr::new(175, 45, 177, 254)],
            chosen: Chosen {
                probes: vec![probe(3), probe(9)],
                areas: vec![("West", 4)],
                remarks: Vec::new(),
            },
            protocol: Protocol::Icmp,
            tag: "lasthop-1".into(),
        }
    }

    #[test]
    fn the_request_is_as_the_documents_say() {
        let request = plan().request();
        assert_eq!(request["probes"][0], json!({"type": "probes", "value": "3,9", "requested": 2}));
        assert_eq!(request["probes"][1]["tags"]["include"][0], "system-ipv4-works");
        assert_eq!(request["definitions"][1]["target"], "175.45.177.254");
        assert_eq!(request["definitions"][1].get("port"), None);
        assert_eq!(request["is_oneoff"], true);
        assert_eq!(plan().cost(), 2 * 6 * 60);
    }

    #[test]
    fn refusals_come_with_what_to_do() {
        let advice = |text: &str| {
            let body =
                json!({"error": {"detail": "There was a problem", "errors": [{"detail": text}]}});
            advice(&Refusal::read(400, body.to_string().as_bytes(), None), &plan().targets)
        };
        let full = advice(
            "We do not allow more than 25 concurrent measurements to the same target: 175.45.177.254.",
        );
        assert!(full.contains("175.45.177.1 instead of 175.45.177.254"), "{full}");
        assert!(advice("higher than your maximum daily results limit 100000").contains("--probes"));
        assert!(advice("Your selected ASN is not covered by our network.").contains("--from"));
        assert!(advice("You do not have enough credits").contains("cost less"));
    }
}
