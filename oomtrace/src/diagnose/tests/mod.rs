#![allow(clippy::cast_precision_loss)]

mod boundaries;
mod hostile;
mod verdicts;
mod world;
