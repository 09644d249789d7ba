/* SPDX-License-Identifier: MIT */
/* Life of a thread that does nothing: created and joined one by one, or in batches. */
#include "bench.h"

static pthread_t *batch;

static void *return_argument(void *arg)
{
	return arg;
}

static void join(pthread_t thread, const void *expected)
{
	void *result = NULL;

	bench_check(pthread_join(thread, &result), "pthread_join");
	if (result != expected)
		bench_fail("pthread_join gave another thread's result");
}

static uint64_t measure_one_by_one(size_t n)
{
	uint64_t start = bench_now();

	for (size_t i = 0; i < n; i++)
		join(bench_thread(return_argument, (void *)(i + 1)), (void *)(i + 1));
	return bench_now() - start;
}

void bench_create_join(void)
{
	bench_options.threads = 1;
	bench_report_scaled("create-join", bench_scale(measure_one_by_one, 50));
	bench_report_end();
}

static uint64_t measure_batches(size_t n)
{
	unsigned threads = bench_options.threads;
	uint64_t start = bench_now();

	for (size_t round = 0; round < n; round++) {
		for (unsigned i = 0; i < threads; i++)
			batch[i] = bench_thread(return_argument, &batch[i]);
		for (unsigned i = 0; i < threads; i++)
			join(batch[i], &batch[i]);
	}
	return bench_now() - start;
}

void bench_create_many(void)
{
	struct bench_scaled scaled;

	batch = bench_alloc(bench_options.threads, sizeof *batch);
	scaled = bench_scale(measure_batches, 1);
	scaled.operations *= bench_options.threads;
	bench_report_scaled("create-many", scaled);
	bench_report_end();
}
