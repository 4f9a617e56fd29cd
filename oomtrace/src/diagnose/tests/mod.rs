#![allow(clippy::cast_precision_loss)]

mod hostile;
mod verdicts;
mod world;
