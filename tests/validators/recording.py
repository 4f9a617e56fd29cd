"""A recording, read as lines of JSON and nothing else."""

import json


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def of_type(file, kind):
    return [record for record in records(file) if record["type"] == kind]


def plain(text):
    """A name's readable form: one that is not UTF-8 is an object."""
    return text["lossy"] if isinstance(text, dict) else text
