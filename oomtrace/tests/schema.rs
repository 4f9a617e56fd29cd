//! The committed JSON Schema against the types: `OOMTRACE_BLESS=1 cargo test -p oomtrace --features schema --test schema`
//! writes it anew. Needs the feature `schema`.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![cfg(feature = "schema")]

use std::{env, fs, path::Path};

use oomtrace::inside::{SCHEMA_JSON, schema};
use serde_json::Value;

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/oomtrace-1.schema.json");
    let made = schema();
    if env::var_os("OOMTRACE_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
        return;
    }
    for (number, (committed, made)) in SCHEMA_JSON.lines().zip(made.lines()).enumerate() {
        assert_eq!(committed, made, "line {} of {}", number + 1, path.display());
    }
    assert_eq!(SCHEMA_JSON.len(), made.len(), "one is longer than the other");
}

/// All `$ref`s lead somewhere, nothing closes the record to later fields, and a name's two forms are both allowed.
#[test]
fn the_schema_is_sound() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut closed = Vec::new();
    walk(&schema, &mut |map| {
        if let Some(Value::String(target)) = map.get("$ref") {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{target}");
        }
        closed.extend(
            map.get("additionalProperties").into_iter().chain(map.get("unevaluatedProperties")).cloned(),
        );
    });
    assert!(!closed.contains(&Value::Bool(false)), "additive changes would break readers");
    assert_eq!(schema["$id"], "urn:oomtrace:1");
    let limit = &schema["$defs"]["LimitMemcg"]["properties"];
    assert!(limit.get("path").is_some() && limit.get("levels_above_victim").is_some(), "{limit}");
    let text = schema["$defs"]["Text"].to_string() + &schema["$defs"]["TextForm"].to_string();
    assert!(text.contains("lossy") && text.contains("hex") && text.contains(r#""type":"string""#), "{text}");
}

/// docs/events.md has a word on every field.
#[test]
fn every_field_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    let page = fs::read_to_string(page).unwrap();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut missing = Vec::new();
    walk(&schema, &mut |map| {
        if let Some(Value::Object(properties)) = map.get("properties") {
            let forms = |name: &str| [format!("`{name}`"), format!("`{name}[]`"), format!("\"{name}\"")];
            missing.extend(
                properties.keys().filter(|name| !forms(name).iter().any(|form| page.contains(form))).cloned(),
            );
        }
    });
    assert!(missing.is_empty(), "not in docs/events.md: {missing:?}");
}

fn walk(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            see(map);
            map.values().for_each(|value| walk(value, see));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, see)),
        _ => {}
    }
}
