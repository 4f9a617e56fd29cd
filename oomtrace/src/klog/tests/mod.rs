//! The parser on real captures, and on what garbles them.

mod completing;
mod fixtures;
mod golden;
mod old;
mod ordinary;
mod properties;
mod script;
mod versions;
mod wrap;
mod wrapped;
