//! The engine of `trace`, `record`, `run` and `demo`: from the attached probes to events, rendered and written.

mod cgroup_path;
mod counts;
mod events;
mod first;
mod history;
mod job;
mod kernel_log;
mod prepare;
mod run;
mod session;
mod settings;
mod sigkill;
mod source;
mod stop;
mod stream;
mod symbols;
mod who;
mod worker;

pub use run::{Beside, During, Ended, Tap, run};
pub use session::Session;
pub use settings::{Settings, Sink};
pub use stop::let_signals_end;
