//! The parser on real captures, and on what garbles them.

mod fixtures;
mod properties;
mod script;
