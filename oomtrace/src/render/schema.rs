//! The JSON Schema of the record.

/// The committed JSON Schema of [`crate::model::Event`] (`oomtrace/schema/oomtrace-1.schema.json`).
pub const SCHEMA_JSON: &str = include_str!("../../schema/oomtrace-1.schema.json");

#[cfg(feature = "schema")]
pub use generate::{schema, schema_of};

#[cfg(feature = "schema")]
mod generate {
    use schemars::generate::SchemaSettings;
    use serde_json::{Map, Value, json};

    use crate::model::{Event, SCHEMA};

    /// The JSON Schema of a stream's lines made from the types, as it is committed.
    #[must_use]
    pub fn schema() -> String {
        schema_of::<Event>("", &format!("One line of an {SCHEMA} stream"))
    }

    /// The JSON Schema of a type: draft 2020-12, indented, with a final newline. `what` ends its id.
    #[must_use]
    pub fn schema_of<T: schemars::JsonSchema>(what: &str, title: &str) -> String {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut root = generator.into_root_schema_for::<T>().to_value();
        tidy(&mut root);
        if let Value::Object(map) = &mut root {
            map.insert("$id".into(), format!("urn:{}{what}", SCHEMA.replace('/', ":")).into());
            map.insert("title".into(), title.into());
        }
        format!("{root:#}\n")
    }

    /// What the types can't say.
    fn tidy(value: &mut Value) {
        match value {
            Value::Object(map) => {
                never_null(map);
                properties(map);
                description(map);
                map.values_mut().for_each(tidy);
            }
            Value::Array(items) => items.iter_mut().for_each(tidy),
            _ => {}
        }
    }

    /// What is not known is absent, so an `Option` is never written as null.
    fn never_null(map: &mut Map<String, Value>) {
        if let Some(Value::Array(types)) = map.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                map.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                map.remove("anyOf");
                map.extend(only);
            }
        }
    }

    fn properties(map: &mut Map<String, Value>) {
        let Some(Value::Object(properties)) = map.get_mut("properties") else { return };
        for (name, property) in properties {
            match (name.as_str(), property) {
                ("time" | "start_time", Value::Object(property)) => {
                    property.insert("format".into(), "date-time".into());
                }
                ("schema", Value::Object(property)) => {
                    property.insert("const".into(), json!(SCHEMA));
                }
                _ => {}
            }
        }
    }

    /// Without the links and line breaks of the source.
    fn description(map: &mut Map<String, Value>) {
        if let Some(Value::String(text)) = map.get_mut("description") {
            *text = text.replace("[`super::SCHEMA`]", &format!("`{SCHEMA}`"));
            *text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
        }
    }
}
