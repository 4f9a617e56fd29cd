//! Prints a JSON Schema made from the types, of the records without an argument, else of `doctor` or `why`; `cargo xtask schema`
//! runs it.

use oomtrace::inside::{doctor_schema, schema, why_schema};

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("doctor") => doctor_schema(),
        Some("why") => why_schema(),
        _ => schema(),
    };
    print!("{text}");
}
