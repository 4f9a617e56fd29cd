//! The parser on real captures, and on what garbles them.

mod completing;
mod fixtures;
mod golden;
mod properties;
mod script;
mod versions;
