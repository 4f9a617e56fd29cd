//! Requests: one at a time, with a limit on time and on what is read of the answer.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::sink::Sink;

/// Bytes that are read of an answer, for the message about it.
const ANSWER: u64 = 512;

/// Speaks to one sink.
pub(super) struct Client {
    agent: ureq::Agent,
    sink: Sink,
}

/// What came of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It arrived.
    Done,
    /// It did not; it may the next time.
    Later(String),
    /// The other side will not have it.
    Refused(String),
}

impl Client {
    /// Prepares requests.
    ///
    /// # Errors
    /// There are no certificates to trust.
    pub(super) fn new(sink: &Sink) -> Result<Self> {
        let mut config = ureq::Agent::config_builder()
            .timeout_global(Some(sink.timeout()))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(1)
            .max_response_header_size(16 << 10)
            .input_buffer_size(8 << 10)
            .output_buffer_size(8 << 10)
            .user_agent(concat!("oomtrace/", env!("CARGO_PKG_VERSION")));
        if sink.url().starts_with("https:") {
            config = config.tls_config(tls(sink)?);
        }
        Ok(Self { agent: config.build().new_agent(), sink: sink.clone() })
    }

    /// Sends a body.
    pub(super) fn post(&self, url: &str, id: &str, body: &[u8]) -> Delivery {
        let mut request = self.agent.post(url).content_type("application/json").header("X-Oomtrace-Id", id);
        for (name, value) in self.sink.headers() {
            request = request.header(name, value);
        }
        match request.send(body) {
            Ok(mut answer) => {
                let status = answer.status();
                let said = answer.body_mut().with_config().limit(ANSWER).read_to_string().unwrap_or_default();
                let said = said.lines().next().unwrap_or_default();
                let text = format!("it answered {status} {}", crate::words::escape::text(said));
                match status.as_u16() {
                    200..300 => Delivery::Done,
                    400 | 413 | 422 => Delivery::Refused(text),
                    _ => Delivery::Later(text),
                }
            }
            Err(error) => Delivery::Later(error.to_string()),
        }
    }
}

/// The machine's authorities, or those of the file that was named.
fn tls(sink: &Sink) -> Result<TlsConfig> {
    let certificates: Vec<Certificate<'static>> = match sink.ca_file() {
        Some(path) => {
            let pem =
                std::fs::read(path).with_context(|| format!("sink {:?}: ca_file {path:?}", sink.name()))?;
            parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate.to_owned()),
                    _ => None,
                })
                .collect()
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
        }
    };
    if certificates.is_empty() {
        bail!(
            "sink {:?}: there is no certificate to trust: install ca-certificates, or name a ca_file",
            sink.name()
        );
    }
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
