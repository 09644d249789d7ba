#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's own python3.11 and its tests of threads, locks and queues: which tests ran, and how each ended.
. "${0%/*}/common.sh"
status=0
under /usr/bin/python3.11 -m test -v --junit-xml results.xml \
    test_thread test_threading test_threading_local test_queue >&2 || status=$?
/usr/bin/python3.11 - <<'PYTHON'
import xml.etree.ElementTree as tree
for case in tree.parse("results.xml").iter("testcase"):
    print(case.get("name"), case.get("result"), *[child.tag for child in case])
PYTHON
exit $status
