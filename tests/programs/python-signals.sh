#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's own python3.11 and its tests of signals, fork, fault handlers, servers and files.
. "${0%/*}/common.sh"
status=0
under /usr/bin/python3.11 -m test -v --junit-xml results.xml \
    test_threadsignals test_fork1 test_faulthandler test_signal test_socketserver test_io >&2 || status=$?
/usr/bin/python3.11 - <<'PYTHON'
import xml.etree.ElementTree as tree
for case in tree.parse("results.xml").iter("testcase"):
    print(case.get("name"), case.get("result"), *[child.tag for child in case])
PYTHON
exit $status
