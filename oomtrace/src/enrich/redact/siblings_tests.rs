use super::super::redact;

#[track_caller]
fn one(text: &str, expected: &str) {
    let out = redact(&[b"app".to_vec(), text.as_bytes().to_vec()]).pop().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn values_beside_their_names() {
    one(r#"[{"name":"DB_PASSWORD","value":"x1y"}]"#, r#"[{"name":"DB_PASSWORD","value":"[redacted]"}]"#);
    one(r#"{"key": "api-token", "value": "x1y"}"#, r#"{"key": "api-token", "value": "[redacted]"}"#);
    one(r#"{"value":"x1y","name":"DB_PASSWORD"}"#, r#"{"value":"[redacted]","name":"DB_PASSWORD"}"#);
    one(
        r#"{"name":"PW_HOST","value":"h"},{"name":"APP_SECRET","value":"x1y"}"#,
        r#"{"name":"PW_HOST","value":"h"},{"name":"APP_SECRET","value":"[redacted]"}"#,
    );
    one(
        r#"{\"name\":\"DB_PASSWORD\",\"value\":\"x1y\"}"#,
        r#"{\"name\":\"DB_PASSWORD\",\"value\":\"[redacted]\"}"#,
    );
    one("ParameterKey=DBPassword,ParameterValue=x1y", "ParameterKey=DBPassword,ParameterValue=[redacted]");
    one(
        r#"{"name":"TOKEN","type":"PLAINTEXT","value":"x1y"}"#,
        r#"{"name":"TOKEN","type":"PLAINTEXT","value":"[redacted]"}"#,
    );
    one("OptionName=DB_PASSWORD,Value=x1y", "OptionName=DB_PASSWORD,Value=[redacted]");
    one("env[0].name=DB_PASSWORD,env[0].value=x1y", "env[0].name=DB_PASSWORD,env[0].value=[redacted]");
    one(
        "- name: DB_PASSWORD\n  value: x1y\n- name: B\n  value: c",
        "- name: DB_PASSWORD\n  value: [redacted]\n- name: B\n  value: c",
    );
    one("<name>db.password</name><value>x1y</value>", "<name>db.password</name><value>[redacted]</value>");
    one(r#"<add key="DbPassword" value="x1y"/>"#, r#"<add key="DbPassword" value="[redacted]"/>"#);
}

#[test]
fn values_of_other_names() {
    for text in [
        r#"{"name":"HOST","value":"h"}"#,
        r#"{"name":"TOKEN_TTL","value":"3600"}"#,
        r#"{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"pw-x"}}}"#,
        r#"{"name":"DB_PASSWORD","value":"$(DB_PW)"}"#,
        r#"{"name":"DB_PASSWORD","value":""}"#,
        "ParameterKey=Stage,ParameterValue=prod",
        "<name>dfs.replication</name><value>3</value>",
        r#"{"value":"h","name":"HOST"}"#,
    ] {
        one(text, text);
    }
}
