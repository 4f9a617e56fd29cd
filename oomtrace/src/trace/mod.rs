//! The engine of `trace`, `record`, `run` and `demo`: from the attached probes to events, rendered and written.

mod beside;
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
mod shared;
mod sigkill;
mod source;
mod stop;
mod stream;
mod symbols;
mod tally;
mod threads;
mod who;
mod worker;

pub use beside::{Beside, During, Tap};
pub use run::{Ended, STOP, run};
pub use session::Session;
pub use settings::{Settings, Sink};
pub use stop::let_signals_end;
