/* SPDX-License-Identifier: MIT */
/* SQLite from 16 threads: a database for each, one connection for all, and one file that all write to. */
#include "client.h"

#include <sqlite3.h>
#include <stdint.h>

enum { THREADS = 16, ROWS = 40 };

static sqlite3 *common;

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		client_fail(__FILE__, __LINE__, message);
}

static long number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	long value;

	CHECK_EQ(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	CHECK_EQ(sqlite3_step(s), SQLITE_ROW);
	value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return value;
}

static sqlite3 *open_db(const char *name)
{
	sqlite3 *db;

	CHECK_EQ(sqlite3_open(name, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 15000);
	return db;
}

static void insert_rows(sqlite3 *db, int me)
{
	char sql[128];

	for (int i = 0; i < ROWS; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO t(owner, value) VALUES(%d, %d)", me, i);
		run(db, sql);
	}
}

static void *use_own(void *arg)
{
	sqlite3 *db = open_db(":memory:");

	run(db, "CREATE TABLE t(owner INT, value INT)");
	run(db, "BEGIN");
	for (int i = 0; i < 10; i++)
		insert_rows(db, (int)(intptr_t)arg);
	run(db, "COMMIT");
	CHECK_EQ(number(db, "SELECT SUM(value) FROM t"), 10L * ROWS * (ROWS - 1) / 2);
	CHECK_EQ(sqlite3_close(db), SQLITE_OK);
	return NULL;
}

static void own_databases(void)
{
	pthread_t t[THREADS];

	CHECK(sqlite3_threadsafe());
	start_threads(t, THREADS, use_own);
	join_threads(t, THREADS);
}

static void *use_common(void *arg)
{
	insert_rows(common, (int)(intptr_t)arg);
	return NULL;
}

static void common_connection(void)
{
	pthread_t t[THREADS];

	common = open_db(":memory:");
	run(common, "CREATE TABLE t(owner INT, value INT)");
	start_threads(t, THREADS, use_common);
	join_threads(t, THREADS);
	CHECK_EQ(number(common, "SELECT COUNT(*) FROM t"), THREADS * ROWS);
	CHECK_EQ(number(common, "SELECT COUNT(DISTINCT owner) FROM t"), THREADS);
	CHECK_EQ(sqlite3_close(common), SQLITE_OK);
}

static void *use_file(void *arg)
{
	sqlite3 *db = open_db("common.db");

	run(db, "PRAGMA synchronous = OFF");
	run(db, "BEGIN IMMEDIATE");
	insert_rows(db, (int)(intptr_t)arg);
	run(db, "COMMIT");
	CHECK(number(db, "SELECT COUNT(*) FROM t") >= ROWS);
	CHECK_EQ(sqlite3_close(db), SQLITE_OK);
	return NULL;
}

/* Writers wait for each other with file locks and sleeps. */
static void common_file(void)
{
	sqlite3 *db = open_db("common.db");
	pthread_t t[THREADS];

	run(db, "PRAGMA journal_mode = WAL");
	run(db, "DROP TABLE IF EXISTS t");
	run(db, "CREATE TABLE t(owner INT, value INT)");
	start_threads(t, THREADS, use_file);
	join_threads(t, THREADS);
	CHECK_EQ(number(db, "SELECT COUNT(*) FROM t"), THREADS * ROWS);
	CHECK_EQ(number(db, "SELECT SUM(value) FROM t"), THREADS * ROWS * (ROWS - 1) / 2);
	CHECK_EQ(sqlite3_close(db), SQLITE_OK);
}

const struct check checks[] = {
	{ "own_databases", own_databases, NULL },
	{ "common_connection", common_connection, NULL },
	{ "common_file", common_file, NULL },
	{ 0 },
};
