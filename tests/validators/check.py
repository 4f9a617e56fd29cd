"""Reads what oomtrace wrote with programs that share nothing with it.

usage: check.py DOCUMENTS SCHEMA ROOT
  DOCUMENTS  directory of the test `documents`: *.ndjson, *.xml, *.pftrace
  SCHEMA     the JUnit schema
  ROOT       of the repository: its documents' queries are run as they are printed

Prints `ok WHAT` or `FAILED WHAT: WHY` for each check; ends with 1 when one failed.
"""

import sys
from pathlib import Path

import junit
import perfetto_trace
import queries


def main():
    documents, schema, root = map(Path, sys.argv[1:4])
    checks = [
        *junit.checks(documents, schema),
        *perfetto_trace.checks(documents),
        *queries.checks(documents, root),
    ]
    failed = 0
    for what, check in checks:
        try:
            check()
            print(f"ok {what}")
        except Exception as error:  # whatever a reader says against a document
            failed += 1
            print(f"FAILED {what}: {type(error).__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
