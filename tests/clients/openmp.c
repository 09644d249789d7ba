/* SPDX-License-Identifier: MIT */
/* OpenMP: libgomp's pool, its barriers and locks spin and wait with futexes inlined into it. */
#include "client.h"

#include <omp.h>
#include <sched.h>

static void reduction(void)
{
	long sum = 0;

	for (int round = 0; round < 20; round++) {
		sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(8)
		for (int i = 0; i < 100000; i++)
			sum += i;
		CHECK_EQ(sum, 100000L * 99999 / 2);
	}
}

static void barriers(void)
{
	int arrived = 0;

#pragma omp parallel num_threads(6)
	for (int i = 0; i < 30; i++) {
#pragma omp atomic
		arrived++;
#pragma omp barrier
		CHECK(arrived == (i + 1) * 6);
#pragma omp barrier
	}
}

static void critical(void)
{
	long by_critical = 0, by_lock = 0;
	omp_lock_t lock;

	omp_init_lock(&lock);
#pragma omp parallel num_threads(8)
	for (int i = 0; i < 500; i++) {
#pragma omp critical
		by_critical++;
		omp_set_lock(&lock);
		by_lock++;
		if (i % 50 == 0)
			sched_yield();
		omp_unset_lock(&lock);
	}
	omp_destroy_lock(&lock);
	CHECK_EQ(by_critical, 4000);
	CHECK_EQ(by_lock, 4000);
}

static long fibonacci(int n)
{
	long a, b;

	if (n < 2)
		return n;
#pragma omp task shared(a) if (n > 12)
	a = fibonacci(n - 1);
#pragma omp task shared(b) if (n > 12)
	b = fibonacci(n - 2);
#pragma omp taskwait
	return a + b;
}

static void tasks(void)
{
	long result = 0;

#pragma omp parallel num_threads(4)
#pragma omp single
	result = fibonacci(20);
	CHECK_EQ(result, 6765);
}

static void thread_private(void)
{
	static int own;
#pragma omp threadprivate(own)

#pragma omp parallel num_threads(8)
	{
		own = omp_get_thread_num();
		for (int i = 0; i < 50; i++) {
			sched_yield();
			CHECK_EQ(own, omp_get_thread_num());
		}
		CHECK_EQ(omp_get_num_threads(), 8);
	}
}

static void nested(void)
{
	int leaves = 0;

	omp_set_max_active_levels(2);
#pragma omp parallel num_threads(3)
#pragma omp parallel num_threads(3)
#pragma omp atomic
	leaves++;
	CHECK_EQ(leaves, 9);
}

const struct check checks[] = {
	{ "reduction", reduction, NULL },
	{ "barriers", barriers, NULL },
	{ "critical", critical, NULL },
	{ "tasks", tasks, NULL },
	{ "thread_private", thread_private, NULL },
	{ "nested", nested, NULL },
	{ 0 },
};
