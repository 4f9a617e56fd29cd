"""JUnit files by the schema of the Jenkins plug-in xunit, the strictest in common use, with the parser xmlschema."""

import xml.etree.ElementTree as ElementTree

import xmlschema

# Names of the cases, and what is in each; `None` for a case that passed.
KILL, COMPLETE = "no OOM kill", "observation complete"
EXPECTED = {
    "night.xml": [{KILL: "failure", COMPLETE: None}],
    "quiet.xml": [{KILL: None, COMPLETE: None}],
    "cut.xml": [{KILL: "skipped", COMPLETE: "error"}],
    "both.xml": [{KILL: None, COMPLETE: None}, {KILL: "failure", COMPLETE: None}],
}
# What is in the cases of a command that ended like this: they are about rules, and its own failure hits none.
RUNS = {
    "run-pass.xml": set(),
    "run-failed.xml": set(),
    "run-killed.xml": set(),
    "run-late.xml": {"failure"},
    "run-above.xml": {"failure"},
}


def checks(documents, schema):
    files = sorted(documents.glob("*.xml"))
    names = {file.name for file in files}
    by_schema = xmlschema.XMLSchema(schema)

    def all_there():
        missing = (EXPECTED.keys() | RUNS.keys()) - names
        assert not missing, f"no {sorted(missing)}"

    yield "JUnit files of every verdict", all_there
    for file in files:
        yield f"{file.name} by the JUnit schema", lambda file=file: by_schema.validate(file)
        yield f"{file.name} says what happened", lambda file=file: says(file)


def says(file):
    root = ElementTree.parse(file).getroot()
    suites = [{case.get("name"): inside(case) for case in suite.iter("testcase")} for suite in root]
    if file.name in EXPECTED:
        assert suites == EXPECTED[file.name], suites
    else:
        found = {what for suite in suites for what in suite.values()} - {None, "skipped"}
        assert found == RUNS[file.name], suites
    for element in [root, *root]:
        for attribute, tag in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]:
            counted = len(list(element.iter(tag)))
            assert element.get(attribute) == str(counted), f"{attribute} of {element.tag}: {counted} are there"


def inside(case):
    found = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    assert len(found) < 2, found
    return found[0] if found else None
