"""The queries of the documents, run as they are printed there, on a recording; and what some of them have to give."""

import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import duckdb

from recording import of_type, plain

SAMPLES = "oomtrace/tests/fixtures/ndjson/samples.ndjson"


def blocks(file, heading, language):
    """The code blocks of one language below a heading."""
    below = file.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", below, re.MULTILINE | re.DOTALL)


def checks(documents, root):
    night, samples = documents / "night.ndjson", root / SAMPLES
    jq = [*split(root / "docs/report.md", "Queries", "sh"), *split(root / "docs/events.md", "With jq", "sh")]
    sql = split(root / "docs/report.md", "Queries", "sql")

    def printed():
        assert len(jq) >= 12 and len(sql) >= 2, f"{len(jq)} of jq and {len(sql)} of DuckDB: the documents changed"

    yield "queries are in the documents", printed
    for title, command in jq:
        yield f"jq: {title}", lambda title=title, command=command: run_jq(title, command, night, samples)
    for title, query in sql:
        yield f"DuckDB: {title}", lambda title=title, query=query: run_sql(title, query, night)
    yield "DuckDB reads every record", lambda: all_records(night)


def split(file, heading, language):
    """Queries with the comment above each."""
    comment = "#" if language == "sh" else "--"
    found = []
    for block in blocks(file, heading, language):
        for part in re.split(rf"^{comment} ", block, flags=re.MULTILINE)[1:]:
            title, query = part.split("\n", 1)
            found.append((title, query.strip().removesuffix(";")))
    return found


def inside(night, samples):
    """A directory with the files that the queries name."""
    directory = tempfile.TemporaryDirectory()
    shutil.copy(night, Path(directory.name) / "night.ndjson")
    shutil.copy(samples, Path(directory.name) / "samples.ndjson")
    return directory


def run_jq(title, command, night, samples):
    with inside(night, samples) as directory:
        done = subprocess.run(["sh", "-c", command], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.strip(), "it gives nothing"
    if title == "The highest use of each cgroup, in MiB":
        highest = {}
        for sample in of_type(night, "sample"):
            for cgroup in sample["cgroups"]:
                highest[key(cgroup["path"])] = max(highest.get(key(cgroup["path"]), 0), cgroup["usage_bytes"])
        assert json.loads(done.stdout) == {path: use >> 20 for path, use in highest.items()}, done.stdout
    if title == "Who was killed, and whose limit it was":
        assert len(done.stdout.splitlines()) == len(of_type(samples, "oom_kill")), done.stdout
    if title == "Kills by pod":
        pods = Counter(
            victim["container"]["pod_name"]
            for kill in of_type(samples, "oom_kill")
            for victim in kill["victims"]
            if victim.get("container", {}).get("pod_name")
        )
        assert json.loads(done.stdout) == [{"pod": pod, "kills": n} for pod, n in sorted(pods.items())], done.stdout


def key(path):
    """As jq's `tostring` makes a key of it."""
    return path if isinstance(path, str) else json.dumps(path, separators=(",", ":"), ensure_ascii=False)


def run_sql(title, query, night):
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "night.ndjson"
        shutil.copy(night, file)
        rows = duckdb.sql(query.replace("'night.ndjson'", f"'{file}'")).fetchall()
    if title == "Kills by victim and limit":
        expected = Counter(who_and_where(kill) for kill in of_type(night, "oom_kill"))
        assert Counter({row[:2]: row[2] for row in rows}) == expected, rows
        assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True), rows
    elif title == "Memory over time of the largest cgroups":
        expected = [
            (sample["time"][:19], plain(cgroup["path"]), cgroup["usage_bytes"])
            for sample in of_type(night, "sample")
            for cgroup in sample["cgroups"]
        ]
        found = [(time.strftime("%Y-%m-%dT%H:%M:%S"), undone(path), use) for time, path, use in rows]
        assert Counter(found) == Counter(expected), found[:4]
    else:
        assert rows, "it gives nothing"


def who_and_where(kill):
    victims, memcg = kill.get("victims", []), kill.get("scope", {}).get("memcg") or {}
    return (column(victims[0]["comm"]) if victims else None, column(memcg.get("path")))


def column(name):
    return json.dumps(name, separators=(",", ":"), ensure_ascii=False) if isinstance(name, dict) else name


def undone(value):
    """A column of names, one of which is no UTF-8, is one of JSON."""
    return plain(json.loads(value)) if value[:1] in '"{' else value


def all_records(night):
    kinds = duckdb.sql(f"SELECT type, count(*) FROM read_ndjson('{night}', union_by_name = true) GROUP BY type").fetchall()
    lines = Counter(json.loads(line)["type"] for line in night.read_text().splitlines())
    assert dict(kinds) == dict(lines), kinds
