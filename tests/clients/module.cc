// SPDX-License-Identifier: MIT
// A shared library that client `modules` opens and closes: variables of each thread, one with a destructor.
#include <atomic>

struct Guest {
	std::atomic<int> *gone = nullptr;
	~Guest()
	{
		if (gone)
			gone->fetch_add(1);
	}
};

static __thread int number = 42;
static __thread char room[5000];
static thread_local Guest guest;

extern "C" {

int *module_number(void)
{
	return &number;
}

char *module_room(void)
{
	return room;
}

// Counts in *gone when the calling thread ends.
void module_visit(std::atomic<int> *gone)
{
	guest.gone = gone;
}

} // extern "C"
