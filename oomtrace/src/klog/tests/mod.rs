//! The parser on real captures, and on what garbles them.

mod beginnings;
mod blocks;
mod completing;
mod excerpts;
mod exports;
mod fixtures;
mod fuzz;

mod golden;
mod old;
mod ordinary;
mod properties;
mod script;
mod versions;
mod wrap;
mod wrapped;
