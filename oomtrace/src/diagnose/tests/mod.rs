#![allow(clippy::cast_precision_loss)]

mod boundaries;
mod forked;
mod hostile;
mod known;
mod mistaken;
mod moment;
mod recurrence;
mod seed;
mod threads;
mod verdicts;
mod world;
