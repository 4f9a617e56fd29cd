//! Prints the JSON Schema made from the record's types; `cargo xtask schema` runs it.

fn main() {
    print!("{}", oomtrace::inside::schema());
}
