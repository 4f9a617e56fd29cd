//! Exports of collectors and clouds, each in its own shape, on one line, indented, and among other records.

use serde_json::{Value, json};

use super::excerpts::kills;

const KILL: &str = "Out of memory: Killed process 2112 (postmaster) total-vm:18000000kB, anon-rss:411000kB, file-rss:8000kB, \
                    shmem-rss:12000000kB, UID:26 pgtables:25600kB oom_score_adj:0";
const TIME: &str = "2023-11-14T22:13:20.123Z";

/// Every shape, with `line` as its text.
fn exports(line: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("docker", json!({ "log": format!("{line}\n"), "stream": "stdout", "time": TIME })),
        (
            "Loki",
            json!({ "status": "success", "data": { "resultType": "streams", "result": [
            { "stream": { "job": "varlogs" }, "values": [["1700000000123456789", line]] }] } }),
        ),
        (
            "Grafana",
            json!({ "results": { "A": { "frames": [{
            "schema": { "fields": [{ "name": "Time", "type": "time" }, { "name": "Line", "type": "string" }] },
            "data": { "values": [[1_700_000_000_123_u64], [line]] } }] } } }),
        ),
        (
            "Datadog",
            json!({ "data": [{ "id": "A", "type": "log", "attributes": {
            "timestamp": TIME, "host": "web-3", "status": "error", "message": line, "tags": ["env:prod"] } }] }),
        ),
        (
            "CloudWatch",
            json!({ "events": [{ "logStreamName": "i-0", "timestamp": 1_700_000_000_123_u64, "message": line,
            "eventId": "1" }] }),
        ),
        (
            "CloudWatch Insights",
            json!({ "results": [[{ "field": "@timestamp", "value": "2023-11-14 22:13:20.123" },
            { "field": "@message", "value": line }]], "status": "Complete" }),
        ),
        (
            "Splunk",
            json!({ "preview": false, "result": { "_time": "2023-11-14 22:13:20.123 UTC", "host": "web-3",
            "sourcetype": "syslog", "_raw": line } }),
        ),
        (
            "Azure",
            json!({ "tables": [{ "name": "PrimaryResult",
            "columns": [{ "name": "TimeGenerated" }, { "name": "Computer" }, { "name": "SyslogMessage" }],
            "rows": [[TIME, "web-3", line]] }] }),
        ),
        (
            "Elasticsearch",
            json!({ "hits": { "total": { "value": 1 }, "hits": [{ "_index": "filebeat", "_source": {
            "@timestamp": TIME, "host": { "name": "web-3" }, "message": line } }] } }),
        ),
        (
            "OpenTelemetry",
            json!({ "resourceLogs": [{ "resource": { "attributes": [
            { "key": "host.name", "value": { "stringValue": "web-3" } }] }, "scopeLogs": [{ "logRecords": [
            { "timeUnixNano": "1700000000123456789", "body": { "stringValue": line } }] }] }] }),
        ),
        (
            "GCP",
            json!([{ "insertId": "a", "textPayload": line, "timestamp": TIME, "logName": "projects/p/logs/syslog" }]),
        ),
        (
            "New Relic",
            json!({ "results": [{ "events": [{ "timestamp": 1_700_000_000_123_u64, "message": line }] }] }),
        ),
    ]
}

/// On one line, indented, and on a line between others.
fn written(value: &Value) -> [String; 3] {
    let other = json!({ "message": "nothing" });
    [value.to_string(), serde_json::to_string_pretty(value).unwrap(), format!("{other}\n{value}\n{other}\n")]
}

#[test]
fn a_kill_is_found_in_each() {
    for line in [
        format!("kernel: {KILL}"),
        format!("[12345.678901] {KILL}"),
        format!("Nov 14 22:13:20 web-3 kernel: {KILL}"),
    ] {
        for (name, value) in exports(&line) {
            for text in written(&value) {
                let found = kills(text.as_bytes());
                assert_eq!(found.len(), 1, "{name}: {text}");
                assert_eq!(found[0].victims[0].pid, 2112, "{name}");
            }
        }
    }
}

#[test]
fn a_program_that_writes_the_same_words_is_not_believed() {
    for line in [format!("myapp[77]: {KILL}"), format!("Nov 14 22:13:20 web-3 myapp[77]: {KILL}")] {
        for (name, value) in exports(&line) {
            for text in written(&value) {
                assert!(kills(text.as_bytes()).is_empty(), "{name}: {text}");
            }
        }
    }
}

#[test]
fn a_record_of_the_journal_in_a_cloud() {
    for message in [KILL.to_owned(), format!("[12345.678901] {KILL}")] {
        let by = |transport: &str| json!([{ "jsonPayload": { "message": message, "_TRANSPORT": transport, "_HOSTNAME": "web-3" }, "timestamp": TIME }]);
        assert_eq!(kills(by("kernel").to_string().as_bytes()).len(), 1, "{message}");
        assert!(kills(by("stdout").to_string().as_bytes()).is_empty(), "{message}");
    }
}
