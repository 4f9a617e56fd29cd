//! Serves the page: GET of three paths, one connection after the other, each within a time.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::page::{Form, page};
use super::stats::Shared;

/// Bytes of a request that are read.
const REQUEST: usize = 8 << 10;
/// A connection takes no longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Stack of the thread.
const STACK: usize = 256 * 1024;

/// Where to listen: a port alone means the loopback.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: String,
    /// The address.
    pub value: SocketAddr,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = text.parse::<u16>().map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let value = port.or_else(|_| text.parse::<SocketAddr>()).map_err(|_| {
            format!("{text:?} is no address to listen on: write a port, or an address like 127.0.0.1:9464 or [::1]:9464")
        })?;
        Ok(Self { text: text.to_owned(), value })
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text
    }
}

/// The server; it runs until the program ends.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub fn start(address: SocketAddr, stats: Shared) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .with_context(|| format!("metrics_listen: can't listen on {address}; choose another port"))?;
        let address = listener.local_addr()?;
        let builder = std::thread::Builder::new().name("oomtrace-http".to_owned()).stack_size(STACK);
        let run = move || {
            loop {
                match listener.accept() {
                    // One that goes away early is its own affair.
                    Ok((stream, _)) => drop(answer(stream, &stats)),
                    // Out of descriptors, e.g.: not in a circle.
                    Err(_) => std::thread::sleep(Duration::from_millis(100)),
                }
            }
        };
        builder.spawn(run).context("starting the thread that serves metrics")?;
        Ok(Self { address })
    }
}

fn answer(mut stream: TcpStream, stats: &Shared) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = head(&mut stream)?;
    let mut lines = request.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let accept = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("accept").then(|| value.to_ascii_lowercase())
    });
    let form = match accept {
        Some(accept) if accept.contains("application/openmetrics-text") => Form::OpenMetrics,
        _ => Form::Prometheus,
    };
    let path = path.split('?').next().unwrap_or_default();
    let (status, kind, body) = match (method, path) {
        ("GET", "/metrics") => ("200 OK", content_type(form), page(&stats.lock(), form)),
        ("GET", "/healthz" | "/readyz") => ("200 OK", "text/plain", "ok\n".to_owned()),
        ("GET", _) => ("404 Not Found", "text/plain", "there is /metrics, /healthz and /readyz\n".to_owned()),
        _ => ("405 Method Not Allowed", "text/plain", "GET only\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

fn content_type(form: Form) -> &'static str {
    match form {
        Form::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
    }
}

/// The request up to its empty line.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let until = Instant::now() + PATIENCE;
    let mut text = Vec::new();
    let mut piece = [0; 1024];
    while text.len() < REQUEST {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let length = stream.read(&mut piece)?;
        text.extend_from_slice(&piece[..length]);
        if length == 0 || text.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        // One that was answered early may be reset.
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn it_answers_what_it_knows_and_nothing_else() {
        let server = Server::start("127.0.0.1:0".parse().unwrap(), Shared::default()).unwrap();
        let page = ask(server.address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            page.starts_with("HTTP/1.1 200")
                && page.contains("version=0.0.4")
                && page.contains("oomtrace_build_info")
        );
        let open = ask(
            server.address,
            "GET /metrics HTTP/1.1\r\naccept: application/openmetrics-text;version=1.0.0\r\n\r\n",
        );
        assert!(open.contains("openmetrics-text") && open.ends_with("# EOF\n"));
        assert!(ask(server.address, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
        assert!(ask(server.address, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        // Neither one that says nothing nor one that never ends keeps it from the next.
        let silent = TcpStream::connect(server.address).unwrap();
        let _ = ask(server.address, &"x".repeat(REQUEST * 2));
        assert!(ask(server.address, "GET /healthz HTTP/1.1\r\n\r\n").ends_with("ok\n"));
        drop(silent);
    }

    #[test]
    fn a_port_alone_is_the_loopbacks() {
        assert_eq!("9464".parse::<Address>().unwrap().value, "127.0.0.1:9464".parse().unwrap());
        assert_eq!("[::1]:1".parse::<Address>().unwrap().value, "[::1]:1".parse().unwrap());
        assert!("localhost:1".parse::<Address>().unwrap_err().contains("127.0.0.1:9464"));
    }
}
