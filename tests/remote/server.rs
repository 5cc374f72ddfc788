//! An HTTP server on loopback that answers as it is told, well or badly.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use socket2::SockRef;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Whole,
    Chunked,
    Gzip,
    /// It declares its length, and ends after so many bytes.
    Cut(usize),
    /// So many bytes at a time.
    Pieces(usize),
    /// The body again and again, without an end.
    Endless,
    /// The connection is reset instead.
    Reset,
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) way: Way,
}

impl Reply {
    #[expect(clippy::needless_pass_by_value, reason = "values made where they are passed")]
    pub(crate) fn json(status: u16, body: impl ToString) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string(), way: Way::Whole }
    }

    pub(crate) fn page(status: u16) -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
        Self { status, headers, body: "<html><body>Sign in</body></html>".into(), way: Way::Whole }
    }

    pub(crate) fn reset() -> Self {
        Self { way: Way::Reset, ..Self::json(200, "") }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }
}

/// A service that answers what a function says.
pub(crate) struct Server<S> {
    pub(crate) port: u16,
    state: Arc<Mutex<S>>,
    log: Arc<Mutex<Vec<Request>>>,
}

impl<S: Send + 'static> Server<S> {
    /// Answers by `answer`, which is given what was asked, and may change the state.
    pub(crate) fn start(
        state: S,
        answer: impl Fn(&mut S, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
        let port = listener.local_addr().expect("an address").port();
        let (state, log) = (Arc::new(Mutex::new(state)), Arc::new(Mutex::new(Vec::new())));
        let (shared, logged, answer) = (Arc::clone(&state), Arc::clone(&log), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, logged, answer) =
                    (Arc::clone(&shared), Arc::clone(&logged), Arc::clone(&answer));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    lock(&logged).push(request.clone());
                    let reply = answer(&mut lock(&shared), &request);
                    // A client that left is none of the server's business.
                    let _ = send(&stream, &reply, &request);
                });
            }
        });
        Self { port, state, log }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, S> {
        lock(&self.state)
    }

    pub(crate) fn log(&self) -> Vec<Request> {
        lock(&self.log).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let (first, _) = head.split_once("\r\n")?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut request =
        Request { method, path: path.into(), query: query.into(), head, body: String::new() };
    let length: usize =
        request.header("content-length").map_or(0, |it| it.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

fn send(mut stream: &TcpStream, reply: &Reply, request: &Request) -> std::io::Result<()> {
    if reply.way == Way::Reset {
        SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        return Ok(());
    }
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    let mut body = reply.body.clone().into_bytes();
    let accepts = request.header("accept-encoding").is_some_and(|it| it.contains("gzip"));
    if reply.way == Way::Gzip && accepts {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&body)?;
        body = gzip.finish()?;
        head += "Content-Encoding: gzip\r\n";
    }
    if reply.way == Way::Chunked {
        stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
        for part in body.chunks(100) {
            stream.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
            stream.write_all(part)?;
            stream.write_all(b"\r\n")?;
        }
        return stream.write_all(b"0\r\n\r\n");
    }
    if reply.way == Way::Endless {
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        let body = reply.body.repeat(1 + (1 << 20) / reply.body.len());
        loop {
            stream.write_all(body.as_bytes())?;
        }
    }
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes())?;
    match reply.way {
        Way::Cut(length) => stream.write_all(body.get(..length).unwrap_or(&body)),
        Way::Pieces(size) => body.chunks(size).try_for_each(|part| {
            thread::sleep(Duration::from_millis(1));
            stream.write_all(part)
        }),
        _ => stream.write_all(&body),
    }
}
