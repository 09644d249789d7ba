#!/bin/bash
# SPDX-License-Identifier: MIT
# sqlite3 with four sorting threads: its sorter starts one for every run that it spills.
. "${0%/*}/common.sh"
under sqlite3 test.db <<'SQL'
PRAGMA threads=4;
PRAGMA cache_size=-1000;
PRAGMA synchronous=OFF;
CREATE TABLE item(key INTEGER, text TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO item SELECT (i * 7919) % 1000003, hex((i * 2654435761) % 4294967296) FROM n;
CREATE INDEX by_text ON item(text, key);
SELECT count(*), sum(key), min(text), max(text) FROM item;
SELECT key, text FROM item ORDER BY text DESC, key LIMIT 20 OFFSET 100000;
PRAGMA integrity_check;
SQL
