//! The way to a service over TLS. The keys are made by `openssl`.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::program::over_tls;
use super::skipping::skipped;

const EMPTY: &str = "{\"count\": 0, \"next\": null, \"previous\": null, \"results\": []}";

/// An authority and a key that it vouches for, for 127.0.0.1.
const KEYS: &str = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Tests' &&
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj '/CN=Others' &&
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj '/CN=Service' &&
printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > extensions &&
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile extensions";

/// A service in `folder` that has nothing; the port of loopback on which it answers.
fn service(folder: &Path) -> u16 {
    let made = Command::new("sh").args(["-c", KEYS]).current_dir(folder).output().expect("sh");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificate =
        CertificateDer::from_pem_file(folder.join("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a key that fits");
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1)
            {
                head.push(byte[0]);
            }
            let length = EMPTY.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{EMPTY}"
            );
            let _ = stream.flush();
        }
    });
    port
}

#[test]
fn a_service_is_asked_over_tls_and_no_other_is_trusted() {
    if Command::new("openssl").arg("version").output().is_err() {
        skipped("tls", "no openssl here");
        return;
    }
    let (folder, home) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let port = service(folder.path());
    let find = |trusted: &str| {
        over_tls(home.path(), port, &folder.path().join(trusted), &["atlas", "find"])
    };
    // There is no measurement.
    find("ca.pem").ended(1);
    // It is not asked again: that would bring the same certificate.
    find("other.pem")
        .ended(6)
        .says(&["the certificate that came is not to be trusted", "SSL_CERT_FILE"]);
}
