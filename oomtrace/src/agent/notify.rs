//! What the service manager is told: ready, reloading, alive, stopping (sd_notify(3)).

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::kernel::clock;

/// The service manager's socket; without one nothing is told.
#[derive(Debug, Default)]
pub struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notify {
    /// By `NOTIFY_SOCKET` and `WATCHDOG_USEC` of the environment.
    #[must_use]
    pub fn from_env() -> Self {
        let name = std::env::var_os("NOTIFY_SOCKET");
        let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| is_ours && *usec > 0).map(Duration::from_micros);
        Self::to(name.as_deref(), watchdog)
    }

    fn to(name: Option<&OsStr>, watchdog: Option<Duration>) -> Self {
        let socket = name.and_then(address).and_then(|address| {
            let socket = UnixDatagram::unbound().ok()?;
            // A manager that does not read must not hold up anything.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address))
        });
        Self { socket, watchdog }
    }

    /// How often to say that all is well: half of what the manager waits; `None` when it does not ask.
    #[must_use]
    pub fn every(&self) -> Option<Duration> {
        self.watchdog.map(|period| period / 2)
    }

    /// The hooks are attached.
    pub fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={}\n", one_line(status)));
    }

    /// A short account for `systemctl status`.
    pub fn status(&self, status: &str) {
        self.say(&format!("STATUS={}\n", one_line(status)));
    }

    /// The configuration is being read anew; [`ready`](Self::ready) follows.
    pub fn reloading(&self) {
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={}\n", clock::monotonic_ns() / 1000));
    }

    /// All is well.
    pub fn alive(&self) {
        self.say("WATCHDOG=1\n");
    }

    /// The end begins.
    pub fn stopping(&self) {
        self.say("STOPPING=1\n");
    }

    fn say(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            // Nobody can be told that the manager does not listen.
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

/// A path, or a name in the abstract namespace after `@`.
fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest).ok(),
        [b'/', ..] => SocketAddr::from_pathname(name).ok(),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn by_a_path_and_by_an_abstract_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::to(Some(path.as_os_str()), Some(Duration::from_secs(30)));
        notify.ready("2 hooks\nattached");
        assert_eq!(heard(&by_path), "READY=1\nSTATUS=2 hooks attached\n");
        assert_eq!(notify.every(), Some(Duration::from_secs(15)));
        notify.reloading();
        assert!(heard(&by_path).starts_with("RELOADING=1\nMONOTONIC_USEC="));
        let name = format!("oomtrace-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let abstracted = UnixDatagram::bind_addr(&address).unwrap();
        let notify = Notify::to(Some(OsStr::new(&format!("@{name}"))), None);
        notify.alive();
        assert_eq!(heard(&abstracted), "WATCHDOG=1\n");
        notify.stopping();
        assert_eq!(heard(&abstracted), "STOPPING=1\n");
    }

    #[test]
    fn without_a_socket_nothing_happens() {
        let notify = Notify::to(None, None);
        notify.ready("");
        assert_eq!(notify.every(), None);
        assert!(Notify::to(Some(OsStr::new("vsock:2:1")), None).socket.is_none());
    }
}
