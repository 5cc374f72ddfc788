//! Queries to a name server that runs here on the loopback.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};
use lasthop::owner::dns::{Answers, Queries, look_up};
use lasthop::owner::{DnsRecords, Owners, Source};
use lasthop::targets::{Specials, Targets};

/// Long enough for a loaded machine.
const AMPLE: Duration = Duration::from_secs(20);

/// What the name server does with a query.
enum Reply {
    Names(&'static [&'static str]),
    Texts(&'static [&'static [&'static str]]),
    Code(ResponseCode),
    Silence,
}

/// A name server on a port of its own, until it is dropped.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<BTreeSet<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(reply: fn(&str) -> Reply) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        let address = socket.local_addr().expect("an address");
        let (asked, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (asked, stop) = (Arc::clone(&asked), Arc::clone(&stop));
            move || serve(&socket, reply, &asked, &stop)
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().expect("a lock").clone()
    }

    fn look_up(&self, queries: &Queries, deadline: Duration) -> Answers {
        look_up(queries, Some(self.address), deadline).expect("sockets")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    socket: &UdpSocket,
    reply: fn(&str) -> Reply,
    asked: &Mutex<BTreeSet<String>>,
    stop: &AtomicBool,
) {
    let mut buffer = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        let (length, from) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => panic!("{error}"),
        };
        let question = Message::from_vec(&buffer[..length]).expect("a message");
        let name = question.queries[0].name().to_ascii().to_ascii_lowercase();
        asked.lock().expect("a lock").insert(name.clone());
        if let Some(answer) = answer(&question, &reply(&name)) {
            socket.send_to(&answer, from).expect("sent");
        }
    }
}

fn answer(question: &Message, reply: &Reply) -> Option<Vec<u8>> {
    let query = question.queries[0].clone();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    let record = |data| Record::from_rdata(query.name().clone(), 60, data);
    match reply {
        Reply::Silence => return None,
        Reply::Code(code) => answer.metadata.response_code = *code,
        Reply::Names(names) => {
            let name = |name: &&str| PTR(Name::from_ascii(name).expect("a name"));
            answer.add_answers(names.iter().map(name).map(RData::PTR).map(record));
        }
        Reply::Texts(texts) => {
            let text = |parts: &&[&str]| TXT::new(parts.iter().map(ToString::to_string).collect());
            answer.add_answers(texts.iter().map(text).map(RData::TXT).map(record));
        }
    }
    answer.add_query(query);
    Some(answer.to_vec().expect("bytes"))
}

fn addresses(texts: &[&str]) -> Vec<Ipv4Addr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

fn queries(router_names: &[&str], origins: &[&str]) -> Queries {
    Queries::new(&Specials::default(), addresses(router_names), addresses(origins))
}

fn name(records: &DnsRecords, address: &str) -> Option<String> {
    records.router_name(address.parse().expect("an address")).map(str::to_owned)
}

#[test]
fn router_names_are_found_and_one_that_does_not_exist_is_an_answer() {
    let server = Server::new(|name| match name {
        "153.225.43.188.in-addr.arpa." => Reply::Names(&["Mskn01.transtelecom.net."]),
        "1.225.43.188.in-addr.arpa." => Reply::Names(&["b.example.net.", "a.example.net."]),
        _ => Reply::Code(ResponseCode::NXDomain),
    });
    let asked = queries(&["188.43.225.153", "188.43.225.1", "219.158.39.42"], &[]);
    let answers = server.look_up(&asked, AMPLE);
    assert_eq!((answers.queried, answers.unanswered), (3, 0));
    assert_eq!(
        name(&answers.records, "188.43.225.153").as_deref(),
        Some("Mskn01.transtelecom.net")
    );
    assert_eq!(name(&answers.records, "188.43.225.1").as_deref(), Some("a.example.net"));
    assert_eq!(name(&answers.records, "219.158.39.42"), None);
}

#[test]
fn an_origin_is_found_with_the_name_and_country_of_its_as() {
    let server = Server::new(|name| match name {
        "1.0.43.59.origin.asn.cymru.com." => Reply::Texts(&[
            &["3356 | 59.0.0.0/8 | US | arin | "],
            &["10099 4837 | 59.43.0.0/24", " | CN | apnic | 2001-01-01"],
        ]),
        "as10099.asn.cymru.com." => {
            Reply::Texts(&[&["10099 | HK | apnic | 1998-01-01 | UNICOM-GLOBAL | A, Ltd., HK"]])
        }
        _ => Reply::Code(ResponseCode::NXDomain),
    });
    let answers = server.look_up(&queries(&[], &["59.43.0.1"]), AMPLE);
    assert_eq!((answers.queried, answers.unanswered), (2, 0));

    let targets = Targets::built_in().expect("the built-in configuration");
    // Without the registered prefix of China Telecom, in which the address is.
    let text = "[block]\nprefix = \"175.45.176.0/22\"\nrouted_length = 24\nasn = 131279\n";
    let bare = Targets::parse("test.toml", text).expect("a right configuration");
    for (targets, source) in [(&bare, Source::Cymru), (&targets, Source::RegisteredPrefix)] {
        let mut owners = Owners::new(targets);
        owners.add_records(answers.records.clone());
        let owner = owners.of(Ipv4Addr::new(59, 43, 0, 1));
        let origin = owner.origin.expect("an origin");
        assert_eq!((origin.asn, origin.range.to_string().as_str()), (10_099, "59.43.0.0/24"));
        assert_eq!(origin.name.as_deref(), Some("UNICOM-GLOBAL | A, Ltd."));
        assert_eq!(origin.country.map(|country| country.to_string()).as_deref(), Some("HK"));
        assert_eq!((origin.source, owner.source), (Source::Cymru, Some(source)));
    }
}

#[test]
fn an_as_is_asked_about_once() {
    let server = Server::new(|name| {
        if name.ends_with(".origin.asn.cymru.com.") {
            Reply::Texts(&[&["4134 | 202.97.0.0/17 | CN | apnic | "]])
        } else {
            Reply::Code(ResponseCode::NXDomain)
        }
    });
    let asked = queries(&[], &["202.97.0.1", "202.97.0.2", "202.97.0.3"]);
    let answers = server.look_up(&asked, AMPLE);
    assert_eq!((answers.queried, answers.unanswered), (4, 0));
    assert!(server.asked().contains("as4134.asn.cymru.com."));
}

#[test]
fn not_announced_is_an_answer_and_a_failing_server_is_none() {
    let server = Server::new(|name| match name {
        "1.0.43.59.origin.asn.cymru.com." => Reply::Code(ResponseCode::NXDomain),
        "2.0.43.59.origin.asn.cymru.com." => Reply::Texts(&[]),
        "3.0.43.59.origin.asn.cymru.com." => Reply::Code(ResponseCode::ServFail),
        _ => Reply::Code(ResponseCode::Refused),
    });
    let asked = queries(&[], &["59.43.0.1", "59.43.0.2", "59.43.0.3", "59.43.0.4"]);
    let answers = server.look_up(&asked, AMPLE);
    assert_eq!((answers.queried, answers.unanswered), (4, 2));
}

#[test]
fn one_deadline_holds_for_all_queries_and_answers_in_time_count() {
    let server = Server::new(|name| match name {
        "7.0.0.1.in-addr.arpa." => Reply::Names(&["a.example.net."]),
        _ => Reply::Silence,
    });
    let all: Vec<Ipv4Addr> = (0..200).map(|last| Ipv4Addr::new(1, 0, 0, last)).collect();
    let queries = Queries::new(&Specials::default(), all, []);
    let start = Instant::now();
    let answers = server.look_up(&queries, Duration::from_millis(1200));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!((answers.queried, answers.unanswered), (200, 199));
    assert_eq!(name(&answers.records, "1.0.0.7").as_deref(), Some("a.example.net"));
    assert!(server.asked().len() <= 33, "{} queries in flight", server.asked().len());
}

#[test]
fn without_time_there_is_no_answer_and_without_a_query_no_time_is_needed() {
    let server = Server::new(|_| Reply::Silence);
    let answers = server.look_up(&queries(&["1.0.0.1"], &["1.0.0.1"]), Duration::ZERO);
    assert_eq!((answers.queried, answers.unanswered), (2, 2));
    let answers = server.look_up(&Queries::default(), Duration::MAX);
    assert_eq!((answers.queried, answers.unanswered), (0, 0));
}

#[test]
fn a_server_that_is_not_there_leaves_all_unanswered() {
    let gone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
    let answers = look_up(&queries(&["1.0.0.1"], &[]), gone.ok(), Duration::from_millis(300))
        .expect("sockets");
    assert_eq!((answers.queried, answers.unanswered), (1, 1));
}

#[test]
fn special_addresses_are_never_asked_about() {
    let server = Server::new(|_| Reply::Code(ResponseCode::NXDomain));
    let targets = Targets::built_in().expect("the built-in configuration");
    let hops = addresses(&["192.168.1.1", "100.64.0.1", "169.254.0.1", "80.81.192.1", "8.8.8.8"]);
    let answers = server.look_up(&Owners::new(&targets).queries(&hops), AMPLE);
    assert_eq!((answers.queried, answers.unanswered), (2, 0));
    let expected = ["8.8.8.8.in-addr.arpa.", "8.8.8.8.origin.asn.cymru.com."];
    assert_eq!(server.asked(), expected.map(str::to_owned).into());
}
