"""test_summary.py JUNIT_XML...: two closing lines about what ctest wrote: how many tests passed, failed and were
skipped, and why they were skipped."""
import collections
import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(test):
    """What the test itself said: GoogleTest's GTEST_SKIP() << reason, or a line `skipped: reason`."""
    output = test.findtext("system-out") or ""
    for pattern in (r": Skipped\n(.+)", r"^skipped: (.+)"):
        found = re.search(pattern, output, re.MULTILINE)
        if found:
            return found.group(1).strip()
    return "no reason given"


def main(files):
    passed = failed = 0
    skipped = collections.Counter()
    for file in filter(os.path.exists, files):  # ctest writes none where it was interrupted
        for test in ElementTree.parse(file).getroot().iter("testcase"):
            status = test.get("status")
            if status == "disabled":
                continue
            if test.find("failure") is not None or status == "fail":
                failed += 1
            elif test.find("skipped") is not None or status == "notrun":
                skipped[reason_of(test)] += 1
            else:
                passed += 1
    total = sum(skipped.values())
    print(f"{passed} passed, {failed} failed" + (f", {total} skipped" if total else ""))
    reasons = "; ".join(f"{count} because: {reason}" for reason, count in skipped.most_common())
    print(f"skipped: {total}" + (f" ({reasons})" if total else ""))


main(sys.argv[1:])
