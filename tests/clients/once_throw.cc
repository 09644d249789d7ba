// SPDX-License-Identifier: MIT
// call_once and static initialisation whose initialiser throws: the next caller tries again.
#include "client.h"

#include <atomic>
#include <mutex>
#include <stdexcept>

namespace {

std::once_flag flag;
std::atomic<int> runs, caught, done;

void initialise()
{
	sched_yield();
	if (++runs <= 3)
		throw std::runtime_error("not yet");
	done = 1;
}

void *call(void *arg)
{
	for (;;) {
		try {
			std::call_once(flag, initialise);
			break;
		} catch (const std::runtime_error &) {
			++caught;
		}
	}
	CHECK_EQ(done, 1);
	return arg;
}

void throwing_call_once()
{
	pthread_t t[16];
	start_threads(t, 16, call);
	join_threads(t, 16);
	CHECK_EQ(runs, 4);
	CHECK_EQ(caught, 3);
}

int value()
{
	sleep_ms(5);
	if (++runs <= 2)
		throw 1;
	return 42;
}

void *use_static(void *arg)
{
	for (;;) {
		try {
			static int number = value();
			CHECK_EQ(number, 42);
			return arg;
		} catch (int) {
			++caught;
		}
	}
}

// The compiler's guard variables wait with a futex of their own.
void throwing_static()
{
	pthread_t t[16];
	start_threads(t, 16, use_static);
	join_threads(t, 16);
	CHECK_EQ(runs, 3);
	CHECK_EQ(caught, 2);
}

} // namespace

const struct check checks[] = {
	{"throwing_call_once", throwing_call_once, nullptr},
	{"throwing_static", throwing_static, nullptr},
	{nullptr, nullptr, nullptr},
};
