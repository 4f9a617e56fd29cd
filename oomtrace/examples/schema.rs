//! Prints a JSON Schema made from the types, of the records without an argument, else of `doctor` or `why`; `cargo xtask schema`
//! runs it.

use oomtrace::inside::{Doctor, schema, schema_of};
use oomtrace::model::Answer;

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("doctor") => schema_of::<Doctor>(":doctor", "What oomtrace doctor --json prints"),
        Some("why") => schema_of::<Answer>(":why", "One line of oomtrace why --json"),
        _ => schema(),
    };
    print!("{text}");
}
