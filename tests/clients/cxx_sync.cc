// SPDX-License-Identifier: MIT
// C++20's synchronisation: some of it through pthread, some through futexes of libstdc++'s own.
#include "client.h"

#include <atomic>
#include <barrier>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

template <typename F> void in_threads(int n, F run)
{
	std::vector<std::jthread> threads;
	for (int i = 0; i < n; i++)
		threads.emplace_back([=] { run(i); });
}

void latches()
{
	for (int round = 0; round < 20; round++) {
		std::latch ready(16), go(1);
		std::atomic<int> gone{0};
		std::vector<std::jthread> threads;
		for (int i = 0; i < 16; i++)
			threads.emplace_back([&] {
				ready.count_down();
				go.wait();
				++gone;
			});
		ready.wait();
		CHECK_EQ(gone, 0);
		go.count_down();
		threads.clear();
		CHECK_EQ(gone, 16);
	}
}

void barriers()
{
	int completions = 0;
	std::atomic<int> arrived{0};
	auto complete = [&]() noexcept { ++completions; };
	std::barrier phase(8, complete);
	in_threads(8, [&](int) {
		for (int i = 0; i < 50; i++) {
			++arrived;
			phase.arrive_and_wait();
			CHECK(arrived >= (i + 1) * 8);
		}
	});
	CHECK_EQ(completions, 50);
	CHECK_EQ(arrived, 400);
}

void semaphores()
{
	std::counting_semaphore<8> slots(3);
	std::binary_semaphore never(0);
	std::atomic<int> inside{0}, most{0};
	in_threads(12, [&](int) {
		for (int i = 0; i < 50; i++) {
			slots.acquire();
			int now = ++inside;
			CHECK(now <= 3);
			if (now > most)
				most = now;
			std::this_thread::yield();
			--inside;
			slots.release();
		}
	});
	CHECK(most >= 1);
	auto begin = std::chrono::steady_clock::now();
	CHECK(!never.try_acquire_for(20ms));
	CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
	CHECK(!never.try_acquire());
	never.release();
	CHECK(never.try_acquire_for(10s));
}

void atomic_wait()
{
	std::atomic<int> turn{0};
	in_threads(4, [&](int me) {
		for (int i = 0; i < 100; i++) {
			int seen;
			while ((seen = turn.load()) % 4 != me)
				turn.wait(seen);
			++turn;
			turn.notify_all();
		}
	});
	CHECK_EQ(turn, 400);
	std::atomic<long long> wide{0};
	std::jthread waker([&] {
		sleep_ms(10);
		wide = 1;
		wide.notify_one();
	});
	wide.wait(0);
	CHECK_EQ(wide, 1);
	std::atomic_flag flag;
	std::jthread setter([&] {
		sleep_ms(10);
		flag.test_and_set();
		flag.notify_all();
	});
	flag.wait(false);
	CHECK(flag.test());
}

void condition_variables()
{
	std::mutex lock;
	std::condition_variable changed;
	std::condition_variable_any any;
	int items = 0, taken = 0;
	std::vector<std::jthread> threads;
	for (int i = 0; i < 8; i++)
		threads.emplace_back([&] {
			for (int n = 0; n < 50; n++) {
				std::unique_lock hold(lock);
				changed.wait(hold, [&] { return items > 0; });
				--items;
				++taken;
			}
		});
	for (int n = 0; n < 400; n++) {
		std::lock_guard hold(lock);
		++items;
		changed.notify_one();
	}
	threads.clear();
	CHECK_EQ(taken, 400);
	std::unique_lock hold(lock);
	auto begin = std::chrono::steady_clock::now();
	CHECK(!changed.wait_for(hold, 15ms, [] { return false; }));
	CHECK(std::chrono::steady_clock::now() - begin >= 15ms);
	auto limit = std::chrono::system_clock::now() + 15ms;
	CHECK(!changed.wait_until(hold, limit, [] { return false; }));
	CHECK(std::chrono::system_clock::now() >= limit);
	CHECK(!any.wait_for(hold, 5ms, [] { return false; }));
}

void mutexes()
{
	std::shared_mutex shared;
	std::timed_mutex timed;
	std::recursive_timed_mutex recursive;
	long counter = 0;
	in_threads(8, [&](int me) {
		for (int i = 0; i < 200; i++) {
			if ((i + me) % 4 == 0) {
				std::unique_lock write(shared);
				++counter;
				std::this_thread::yield();
			} else {
				std::shared_lock read(shared);
				long seen = counter;
				std::this_thread::yield();
				CHECK_EQ(seen, counter);
			}
		}
	});
	CHECK_EQ(counter, 400);
	timed.lock();
	recursive.lock();
	CHECK(recursive.try_lock_for(1s));
	std::jthread([&] {
		CHECK(!timed.try_lock_for(10ms));
		CHECK(!recursive.try_lock());
		CHECK(!recursive.try_lock_until(std::chrono::steady_clock::now() + 10ms));
	}).join();
	timed.unlock();
	recursive.unlock();
	recursive.unlock();
}

// Several mutexes at once, in every order: std::lock's back-off must end.
void scoped_locks()
{
	std::mutex a, b, c;
	long counter = 0;
	in_threads(6, [&](int me) {
		for (int i = 0; i < 300; i++) {
			if (me % 3 == 0) {
				std::scoped_lock hold(a, b, c);
				++counter;
			} else if (me % 3 == 1) {
				std::scoped_lock hold(c, a, b);
				++counter;
			} else {
				std::scoped_lock hold(b, c, a);
				++counter;
			}
		}
	});
	CHECK_EQ(counter, 1800);
}

} // namespace

const struct check checks[] = {
	{"latches", latches, nullptr},
	{"barriers", barriers, nullptr},
	{"semaphores", semaphores, nullptr},
	{"atomic_wait", atomic_wait, nullptr},
	{"condition_variables", condition_variables, nullptr},
	{"mutexes", mutexes, nullptr},
	{"scoped_locks", scoped_locks, nullptr},
	{nullptr, nullptr, nullptr},
};
