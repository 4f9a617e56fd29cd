//! Evidence: what a trace left behind, read again, also by another version, compressed, or after its writer died.

pub mod decompress;
mod zstd;
