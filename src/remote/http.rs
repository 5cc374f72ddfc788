//! HTTP: the only file with a connection to a service. One request, one answer; whoever asks decides what becomes of it.

use std::io::{self, Read};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Error, Proxy, Timeout};

use super::error::RemoteError;

/// How long nothing may come, or go. A slow line goes on as long as anything comes.
const STALLED: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(15);
/// What the program calls itself.
const NAME: &str = concat!("lasthop/", env!("CARGO_PKG_VERSION"));

/// A way to one host.
pub(super) struct Http {
    /// Keeps connections open for questions that may be asked again.
    kept: Agent,
    /// A connection for each request: one that was kept may be gone, and then nobody knows what became of the request.
    fresh: Agent,
    origin: String,
    folder: String,
}

/// A request. What it says of a body is JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    Get,
    Post(&'a str),
    Delete,
}

/// An answer, of which the body is still to be read.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Box<dyn Read + Send>,
}

/// There is no answer.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) delivery: Delivery,
    pub(super) why: String,
}

/// What became of a request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It may have been received.
    Uncertain,
    /// It was not received; it may be made again.
    NotSent,
    /// It was not received, and would not be if it were made again.
    Refused,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Http {
    /// A way to the service at `url`; where that has no path, `folder` is its.
    ///
    /// # Errors
    /// When it is no address of a service, or a proxy of the environment is none.
    pub(super) fn new(url: &str, folder: &str) -> Result<Self, RemoteError> {
        let wrong = |why: &str| RemoteError::Usage(format!("{}: {why}", super::error::shown(url)));
        let uri: Uri =
            url.parse().map_err(|_| wrong("expected an address such as https://host/"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("expected an address such as https://host/"));
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong("it can have a host, a port and a path, and nothing else"));
        }
        let host = authority.host();
        match scheme {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(wrong("without TLS only loopback is asked; use https")),
            _ => return Err(wrong("expected https")),
        }
        let path = uri.path().trim_end_matches('/');
        let folder = if path.is_empty() { folder.to_owned() } else { format!("{path}/") };
        let proxy = proxy(scheme, host, &|name| std::env::var(name).ok())?;
        let agent = |idle: usize| {
            let tls = TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .root_certs(RootCerts::PlatformVerifier)
                .unversioned_rustls_crypto_provider(Arc::new(
                    rustls::crypto::ring::default_provider(),
                ))
                .build();
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .proxy(proxy.clone())
                .user_agent(NAME)
                .timeout_resolve(Some(CONNECT))
                .timeout_connect(Some(CONNECT))
                .timeout_per_read(Some(STALLED))
                .timeout_per_write(Some(STALLED))
                .max_idle_connections(idle)
                .max_idle_connections_per_host(idle)
                .tls_config(tls)
                .build()
                .new_agent()
        };
        let origin = format!("{scheme}://{authority}");
        Ok(Self { kept: agent(1), fresh: agent(0), origin, folder })
    }

    /// The path from the root of `path` within the service's folder.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.folder)
    }

    /// The path that `link` leads to from `path`, if that is on this host (RFC 3986, section 5.2, without dots).
    pub(super) fn on_this_host(&self, path: &str, link: &str) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        let before_query = link.split('?').next().unwrap_or_default();
        if link.starts_with('?') {
            return Some(format!("{path}{link}"));
        }
        if !before_query.is_empty() && !before_query.contains(':') && !link.starts_with('/') {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Some(format!("{folder}/{link}"));
        }
        if link.starts_with('/') && !link.starts_with("//") {
            return Some(link.to_owned());
        }
        let (uri, own): (Uri, Uri) = (link.parse().ok()?, self.origin.parse().ok()?);
        let host = |uri: &Uri| {
            let scheme = uri.scheme_str()?.to_ascii_lowercase();
            let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
            (!uri.authority()?.as_str().contains('@')).then_some(())?;
            Some((scheme, uri.host()?.to_ascii_lowercase(), port))
        };
        let is_here = host(&uri).is_some_and(|there| Some(there) == host(&own));
        is_here.then(|| uri.path_and_query().map_or("/", |path| path.as_str()).to_owned())
    }

    /// Asks once. `path` begins at the root; `authorization` goes to no other host.
    pub(super) fn ask(
        &self,
        ask: Ask<'_>,
        path: &str,
        authorization: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let url = format!("{}{path}", self.origin);
        let with = |mut builder: ureq::http::request::Builder| {
            if let Some(value) = authorization {
                builder = builder.header("Authorization", value);
            }
            builder.header("Accept", "application/json").uri(&url)
        };
        let builder = ureq::http::Request::builder();
        let malformed = |_| NoAnswer {
            delivery: Delivery::Refused,
            why: "the request cannot be written".into(),
        };
        let answered = match ask {
            Ask::Get => self.kept.run(with(builder.method("GET")).body(()).map_err(malformed)?),
            Ask::Delete => {
                self.fresh.run(with(builder.method("DELETE")).body(()).map_err(malformed)?)
            }
            Ask::Post(body) => {
                let builder = builder.method("POST").header("Content-Type", "application/json");
                self.fresh.run(with(builder).body(body).map_err(malformed)?)
            }
        };
        let (parts, body) = answered.map_err(|error| no_answer(&error))?.into_parts();
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: Box::new(body) })
    }
}

/// What an error of the client means for the request.
fn no_answer(error: &Error) -> NoAnswer {
    let is_before = match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::BadUri(_)
        | Error::InvalidProxyUrl
        | Error::ConnectProxyFailed(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::AddrNotAvailable
        ),
        _ => false,
    };
    if let Some(why) = untrusted(error) {
        let why = format!(
            "the certificate that came is not to be trusted ({why}); the one of a proxy or of a service of your own \
             is trusted where the file that SSL_CERT_FILE names has it"
        );
        return NoAnswer { delivery: Delivery::Refused, why };
    }
    let why = match error {
        Error::Timeout(Timeout::PerRead | Timeout::PerWrite) => {
            format!("nothing came for {} s", STALLED.as_secs())
        }
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => "no connection in time".to_owned(),
        Error::HostNotFound => "the host's name is not known".to_owned(),
        Error::Io(error) => error.to_string(),
        Error::ConnectProxyFailed(reason) if is_refusal(reason) => {
            format!("the proxy that the environment names refuses the connection ({reason})")
        }
        error => error.to_string(),
    };
    let delivery = match error {
        Error::ConnectProxyFailed(reason) if is_refusal(reason) => Delivery::Refused,
        _ if is_before => Delivery::NotSent,
        _ => Delivery::Uncertain,
    };
    NoAnswer { delivery, why }
}

/// What is wrong with a certificate, if that is why there is no connection.
fn untrusted(error: &Error) -> Option<&rustls::CertificateError> {
    let tls = match error {
        Error::Rustls(tls) => tls,
        Error::Io(error) => error.get_ref()?.downcast_ref()?,
        _ => return None,
    };
    match tls {
        rustls::Error::InvalidCertificate(why) => Some(why),
        _ => None,
    }
}

/// Whether a proxy answered that it will not connect. What a 5xx says may be over soon (RFC 9110, section 15.6).
fn is_refusal(reason: &str) -> bool {
    reason.strip_prefix("proxy server responded 4").is_some()
}

/// Why reading a body failed, without what the client calls it.
pub(super) fn broken(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(inner) => no_answer(inner).why,
        None => error.to_string(),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// The proxy that the environment names for this host, as most programs read it.
fn proxy(
    scheme: &str,
    host: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, RemoteError> {
    let set = |name: &str| {
        let value = variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
        value.filter(|value| !value.trim().is_empty()).map(|value| (name.to_owned(), value))
    };
    if set("no_proxy").is_some_and(|(_, exceptions)| is_excepted(host, &exceptions)) {
        return Ok(None);
    }
    let Some((name, value)) = set(&format!("{scheme}_proxy")).or_else(|| set("all_proxy")) else {
        return Ok(None);
    };
    let proxy = Proxy::new(value.trim());
    proxy.map(Some).map_err(|_| {
        // It may have a password in it.
        RemoteError::Usage(format!(
            "{name} in the environment is no address of a proxy; correct or unset it"
        ))
    })
}

/// Whether `host` is among the exceptions of `no_proxy`.
fn is_excepted(host: &str, exceptions: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    exceptions.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty()).any(|one| {
        let one = one.to_ascii_lowercase();
        // A port is not looked at: one service has one port.
        let name = one.rsplit_once(':').filter(|(name, _)| !name.contains(':'));
        let name = name.map_or(one.as_str(), |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        if let Some(address) = address {
            let is_in = name.parse::<IpNet>().is_ok_and(|net| net.contains(&address));
            return name == "*" || is_in || name.parse() == Ok(address);
        }
        let suffix = name.trim_start_matches('*').trim_start_matches('.');
        name == "*"
            || !suffix.is_empty() && (host == suffix || host.ends_with(&format!(".{suffix}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        let path = |url| Http::new(url, "/api/v2/").map(|http| http.path("probes/"));
        assert_eq!(path("http://127.0.0.1:80").expect("a path"), "/api/v2/probes/");
        assert_eq!(path("https://example.net/").expect("a path"), "/api/v2/probes/");
        assert_eq!(path("https://example.net/x/y").expect("a path"), "/x/y/probes/");
        for url in [
            "http://192.0.2.1/",
            "ftp://localhost/",
            "https://u:p@example.net/",
            "nothing",
            "https://a/?b",
        ] {
            assert!(path(url).is_err(), "{url}");
        }
    }

    #[test]
    fn links_to_other_hosts_are_no_links() {
        let http = Http::new("http://127.0.0.1:8080", "/api/v2/").expect("a way");
        let to = |link| http.on_this_host("/api/v2/probes/?page=1", link);
        assert_eq!(to("http://127.0.0.1:8080/a/?page=2").as_deref(), Some("/a/?page=2"));
        assert_eq!(to("/a/?page=2").as_deref(), Some("/a/?page=2"));
        assert_eq!(to("?page=2").as_deref(), Some("/api/v2/probes/?page=2"));
        assert_eq!(to("more/?page=2").as_deref(), Some("/api/v2/probes/more/?page=2"));
        for link in [
            "http://127.0.0.1:8081/a",
            "https://127.0.0.1:8080/a",
            "//example.net/a",
            "",
            "http://x@127.0.0.1:8080/",
        ] {
            assert_eq!(to(link), None, "{link}");
        }
    }

    #[test]
    fn proxies_are_those_of_the_environment() {
        let environment = |name: &str| {
            let value = match name {
                "https_proxy" => "http://proxy.example:3128",
                "ALL_PROXY" => "socks5://other.example",
                "NO_PROXY" => "localhost, 127.0.0.0/8,.example.org,example.com:443,[::1]",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let host = |scheme, host| {
            let proxy = proxy(scheme, host, &environment).expect("proxies");
            proxy.map(|proxy| proxy.host().to_owned())
        };
        assert_eq!(host("https", "atlas.example").as_deref(), Some("proxy.example"));
        assert_eq!(host("http", "atlas.example").as_deref(), Some("other.example"));
        for without in
            ["localhost", "127.9.9.9", "a.example.org", "example.org", "www.example.com", "[::1]"]
        {
            assert_eq!(host("https", without), None, "{without}");
        }
        assert!(host("https", "notexample.com").is_some());
        assert!(proxy("https", "x", &|_| Some("no proxy at all".into())).is_err());
    }
}
