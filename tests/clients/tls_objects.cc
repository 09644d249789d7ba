// SPDX-License-Identifier: MIT
// C++ thread_local objects: made per thread on first use, destroyed once in reverse order, by every way to leave.
#include "client.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<int> made, destroyed, misplaced;
std::mutex lock;
long under_lock;

struct Object {
	std::thread::id owner = std::this_thread::get_id();
	std::vector<int> order;
	Object() { ++made; }
	~Object()
	{
		std::lock_guard<std::mutex> hold(lock);
		++under_lock;
		sched_yield();
		++destroyed;
		if (owner != std::this_thread::get_id())
			++misplaced;
	}
};

thread_local Object object;

struct Later {
	~Later()
	{
		// Made after `object`, so `object` is still alive here.
		if (object.owner != std::this_thread::get_id() || object.order.size() != 10)
			++misplaced;
	}
};

void *use_and_return(void *arg)
{
	object.owner = std::this_thread::get_id();
	thread_local Later later;
	(void)&later;
	for (int i = 0; i < 10; i++) {
		object.order.push_back(i);
		sched_yield();
		CHECK(object.owner == std::this_thread::get_id());
	}
	return arg;
}

void *use_and_exit(void *arg)
{
	use_and_return(arg);
	pthread_exit(arg);
}

void all_ways_to_leave()
{
	pthread_t t[48];
	for (int i = 0; i < 48; i++)
		start_thread(&t[i], i % 2 ? use_and_return : use_and_exit, nullptr);
	join_threads(t, 48);
	CHECK_EQ(made, 48);
	CHECK_EQ(destroyed, 48);
	CHECK_EQ(under_lock, 48);
	CHECK_EQ(misplaced, 0);
}

void detached()
{
	for (int i = 0; i < 20; i++)
		std::thread([] { use_and_return(nullptr); }).detach();
	for (int i = 0; i < 5000 && destroyed < 20; i++)
		sleep_ms(1);
	CHECK_EQ(destroyed, 20);
	CHECK_EQ(misplaced, 0);
}

struct Unwound {
	int *counter;
	~Unwound() { ++*counter; }
};

void *exit_through_frames(void *arg)
{
	Unwound outer{static_cast<int *>(arg)};
	std::string text(1000, 'x');
	{
		Unwound inner{static_cast<int *>(arg)};
		sched_yield();
		pthread_exit(nullptr);
	}
}

void exit_unwinds_objects()
{
	int counter = 0;
	pthread_t t;
	start_thread(&t, exit_through_frames, &counter);
	join_thread(t);
	CHECK_EQ(counter, 2);
}

void *throw_and_catch(void *arg)
{
	for (int i = 0; i < 200; i++) {
		try {
			sched_yield();
			throw i;
		} catch (int value) {
			sched_yield();
			CHECK_EQ(value, i);
			CHECK_EQ(std::uncaught_exceptions(), 0);
		}
	}
	return arg;
}

void exceptions_per_thread()
{
	pthread_t t[16];
	start_threads(t, 16, throw_and_catch);
	join_threads(t, 16);
}

void *throw_uncaught(void *)
{
	sched_yield();
	throw 1;
}

void uncaught()
{
	pthread_t t;
	start_thread(&t, throw_uncaught, nullptr);
	join_thread(t);
}

} // namespace

const struct check checks[] = {
	{"all_ways_to_leave", all_ways_to_leave, nullptr},
	{"detached", detached, nullptr},
	{"exit_unwinds_objects", exit_unwinds_objects, nullptr},
	{"exceptions_per_thread", exceptions_per_thread, nullptr},
	{"uncaught", uncaught, "signal 6"},
	{nullptr, nullptr, nullptr},
};
