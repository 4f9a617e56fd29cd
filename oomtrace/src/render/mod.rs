//! Events made readable as they come, for a person ([`Text`]) and for programs ([`Ndjson`]); and whole documents of what was
//! recorded: [`html`], [`markdown`], [`junit`], [`perfetto`].

mod answers;
pub(crate) use answers::verdict_name;
pub(crate) mod brief;
pub mod comparison;
pub mod html;
pub mod junit;
pub mod markdown;
mod markup;
mod ndjson;
pub mod perfetto;
mod schema;
mod spark;
mod text;
mod timeline;

use std::io;

pub use ndjson::Ndjson;
pub use schema::SCHEMA_JSON;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use text::{Text, TextStyle, answer, other_lines, overview, sender};

use crate::model;

/// Writes events in one format.
pub trait Render {
    /// Writes `event` completely and flushes it, so that a reader never waits for half of one.
    ///
    /// # Errors
    /// Those of `out`; a closed pipe is [`io::ErrorKind::BrokenPipe`] and the caller's to treat as a quiet end.
    fn event(&mut self, event: &model::Event, out: &mut dyn io::Write) -> io::Result<()>;
}
