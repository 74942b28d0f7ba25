"""judge.py RESULTS.xml: whether every test that should have run did, from pytest's JUnit file.

On CI a skipped test is a failed one: it says that the machine lacks something that scripts/test should have installed.
Prints the reason of each skip and, last, one line that counts; exit status 0 only if all passed and there were any.
"""
# ruff: noqa: INP001, T201  (a script, in no package, that talks by printing)

import sys
import xml.etree.ElementTree as ET  # our own pytest wrote the file
from pathlib import Path


def main(results: Path) -> int:
    """Judge the file and print the verdict."""
    try:
        cases = ET.parse(results).getroot().findall(".//testcase")  # noqa: S314  (as above)
    except (OSError, ET.ParseError) as error:
        print(f"CI: no results: {error}")
        return 1
    skipped = [(case, mark) for case in cases for mark in case.findall("skipped")]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    for case, mark in skipped:
        print(f"CI: did not run: {case.get('classname')}::{case.get('name')}: {mark.get('message')}: {mark.text}")
    passed = len(cases) - len(failed) - len(skipped)
    if not cases:
        print("CI: no test ran")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if cases and not failed and not skipped else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
