//! oomtrace tells why Linux killed a process for memory.
//!
//! Data flows one way: kernel hooks → ring buffer → [`collect`] (decode, assemble) → [`enrich`] → [`render`].

pub mod agent;
pub mod claim;
pub mod collect;
pub mod command;
pub mod decompress;
pub mod diagnose;
pub mod enrich;
pub mod evidence;
pub mod filter;
pub mod kernel;
pub mod klog;
pub mod model;
pub mod output;
pub mod pen;
pub mod probe;
pub mod render;
pub mod rights;
pub mod sample;
pub mod sigkill;
pub mod survive;
pub mod trace;
pub mod words;
