// SPDX-License-Identifier: MIT
// Both headers in C++: both functions of the name umcg_wait(), and a scheduler of a dozen lines.
#include "client.h"

#include <atomic>
#include <thread>
#include <umcg/libumcg.h>
#include <umcg/umcg.h>
#include <vector>

namespace {

enum { WORKERS = 6, ROUNDS = 100 };

void both_waits()
{
	static umcg_task task{};
	timespec past{};

	task.state = UMCG_TASK_RUNNING;
	CHECK_EQ(umcg_ctl(UMCG_CTL_REGISTER, &task), 0);
	CHECK_EQ(umcg_wait(0, 0), 0);
	CHECK_EQ(umcg_ctl(UMCG_CTL_UNREGISTER, nullptr), 0);
	CHECK_EQ(umcg_wait(0, 0), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK(umcg_register_core_task(3) != UMCG_NONE);
	CHECK_EQ(umcg_wait(&past), -1);
	CHECK_EQ(errno, ETIMEDOUT);
	CHECK_EQ(umcg_wake(umcg_get_utid()), 0);
	CHECK_EQ(umcg_wait(nullptr), 0);
	CHECK_EQ(umcg_unregister_task(), 0);
}

// Exceptions of a worker are caught by it, whichever server runs it.
void throw_and_catch()
{
	umcg_t group = umcg_create_group(0);
	std::atomic<int> left{WORKERS};
	std::vector<std::thread> workers;

	auto serve = [&] {
		CHECK(umcg_register_server(group, 0) != UMCG_NONE);
		while (left) {
			timespec soon = after_ms(CLOCK_REALTIME, 2);
			umcg_tid worker = umcg_poll_worker(&soon);
			if (worker != UMCG_NONE)
				CHECK(umcg_run_worker(worker) != UMCG_NONE);
		}
		CHECK_EQ(umcg_unregister_task(), 0);
	};
	std::thread other(serve);
	for (int i = 0; i < WORKERS; i++)
		workers.emplace_back([&, i] {
			thread_local int mine = i;
			CHECK(umcg_register_worker(group, i) != UMCG_NONE);
			for (int r = 0; r < ROUNDS; r++) {
				try {
					CHECK_EQ(umcg_yield(), 0);
					throw r;
				} catch (int caught) {
					CHECK_EQ(caught, r);
				}
				CHECK_EQ(mine, i);
			}
			left--;
			CHECK_EQ(umcg_unregister_task(), 0);
		});
	serve();
	for (auto &w : workers)
		w.join();
	other.join();
	CHECK_EQ(umcg_destroy_group(group), 0);
}

} // namespace

extern "C" const struct check checks[] = {
	{"both_waits", both_waits, nullptr},
	{"throw_and_catch", throw_and_catch, nullptr},
	{},
};
