// SPDX-License-Identifier: MIT
// C++ threads of the higher kind: jthread and its stop token, futures, async, call_once.
#include "client.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <numeric>
#include <stop_token>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

void stop_tokens()
{
	std::mutex lock;
	std::condition_variable_any changed;
	std::atomic<int> stopped{0};
	{
		std::vector<std::jthread> threads;
		for (int i = 0; i < 8; i++)
			threads.emplace_back([&](std::stop_token token) {
				std::unique_lock hold(lock);
				CHECK(!changed.wait(hold, token, [] { return false; }));
				CHECK(token.stop_requested());
				++stopped;
			});
		std::jthread spinner([](std::stop_token token) {
			while (!token.stop_requested())
				burn(100);
		});
		sleep_ms(10);
	}
	CHECK_EQ(stopped, 8);
	bool called = false;
	std::stop_source source;
	std::stop_callback early(source.get_token(), [&] { called = true; });
	CHECK(!called);
	std::jthread([&] { source.request_stop(); }).join();
	CHECK(called);
}

void futures()
{
	std::promise<int> promise;
	auto future = promise.get_future().share();
	std::vector<std::jthread> threads;
	std::atomic<int> sum{0};
	for (int i = 0; i < 16; i++)
		threads.emplace_back([&sum, future] { sum += future.get(); });
	CHECK(future.wait_for(10ms) == std::future_status::timeout);
	promise.set_value(3);
	threads.clear();
	CHECK_EQ(sum, 48);
	std::promise<void> broken;
	auto failing = broken.get_future();
	std::jthread([&] { broken.set_exception(std::make_exception_ptr(std::runtime_error("no"))); }).join();
	bool caught = false;
	try {
		failing.get();
	} catch (const std::runtime_error &) {
		caught = true;
	}
	CHECK(caught);
}

long sum_range(const std::vector<int> &v, size_t low, size_t high)
{
	if (high - low < 2000)
		return std::accumulate(v.begin() + low, v.begin() + high, 0L);
	size_t middle = (low + high) / 2;
	auto left = std::async(std::launch::async, sum_range, std::cref(v), low, middle);
	long right = sum_range(v, middle, high);
	return left.get() + right;
}

void async_tree()
{
	std::vector<int> v(50000);
	std::iota(v.begin(), v.end(), 0);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(sum_range(v, 0, v.size()), 50000L * 49999 / 2);
}

void packaged_tasks()
{
	for (int i = 0; i < 50; i++) {
		std::packaged_task<int(int)> task([](int x) { return x * x; });
		auto result = task.get_future();
		std::thread(std::move(task), i).detach();
		CHECK_EQ(result.get(), i * i);
	}
}

void at_thread_exit()
{
	std::promise<int> promise;
	auto future = promise.get_future();
	std::mutex lock;
	std::condition_variable changed;
	bool done = false;
	std::thread t([&] {
		promise.set_value_at_thread_exit(7);
		std::unique_lock hold(lock);
		done = true;
		std::notify_all_at_thread_exit(changed, std::move(hold));
	});
	std::unique_lock hold(lock);
	changed.wait(hold, [&] { return done; });
	hold.unlock();
	CHECK_EQ(future.get(), 7);
	t.join();
}

void call_once()
{
	for (int round = 0; round < 20; round++) {
		std::once_flag once;
		std::atomic<int> runs{0};
		std::vector<std::jthread> threads;
		for (int i = 0; i < 16; i++)
			threads.emplace_back([&] {
				std::call_once(once, [&] {
					std::this_thread::yield();
					++runs;
				});
				CHECK_EQ(runs, 1);
			});
	}
}

void ids_and_sleep()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 8; i++)
		threads.emplace_back([] {
			auto id = std::this_thread::get_id();
			auto begin = std::chrono::steady_clock::now();
			std::this_thread::sleep_for(10ms);
			CHECK(std::chrono::steady_clock::now() - begin >= 10ms);
			CHECK(id == std::this_thread::get_id());
			auto until = std::chrono::system_clock::now() + 5ms;
			std::this_thread::sleep_until(until);
			CHECK(std::chrono::system_clock::now() >= until);
		});
	CHECK(std::thread::hardware_concurrency() >= 1);
	for (auto &t : threads)
		t.join();
}

} // namespace

const struct check checks[] = {
	{"stop_tokens", stop_tokens, nullptr},
	{"futures", futures, nullptr},
	{"async_tree", async_tree, nullptr},
	{"packaged_tasks", packaged_tasks, nullptr},
	{"at_thread_exit", at_thread_exit, nullptr},
	{"call_once", call_once, nullptr},
	{"ids_and_sleep", ids_and_sleep, nullptr},
	{nullptr, nullptr, nullptr},
};
