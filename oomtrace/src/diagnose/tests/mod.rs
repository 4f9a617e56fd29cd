#![allow(clippy::cast_precision_loss)]

mod boundaries;
mod hostile;
mod mistaken;
mod moment;
mod verdicts;
mod world;
