//! From the ring buffer to incidents: decode, assemble, build.

mod assemble;
mod build;
mod build_victim;
mod decode;
mod draft;
mod loss;
mod memcg_events;
mod path;
mod ring;
mod sigkills;
mod units;

pub use assemble::{Assembler, Closed, Witness};
pub use build::{Builder, Facts, INFERRED};
pub use decode::{Decoded, decode};
pub use draft::{Draft, Member};
pub use loss::{Loss, LossReader};
pub use memcg_events::MemcgEvents;
pub use path::{Paths, unlimited};
pub use ring::Ring;
pub use sigkills::Sigkills;
