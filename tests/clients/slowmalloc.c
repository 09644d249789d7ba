/* SPDX-License-Identifier: MIT */
/*
 * A malloc to preload that leans on pthread calls as debugging allocators do: a mutex around everything, a key with a
 * value per thread, pthread_once, settings from /proc; and a failing dlsym() allocates before any of them is ready.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLASSES = 48, CHUNK = 1 << 20 };

struct block {
	size_t size_class;
	struct block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static struct block *free_blocks[CLASSES];
static char *chunk, *chunk_end;
static __thread int inside;

/* By raw system calls, as open() may be one that allocates. */
static void read_settings(void)
{
	static int done;
	char overcommit;
	int fd;

	if (done)
		return;
	done = 1;
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &overcommit, 1) != 1 || syscall(SYS_close, fd))
		__builtin_trap();
}

static void make_key(void)
{
	pthread_key_create(&key, NULL);
}

/* Counts calls per thread. As in other allocators nothing may come from malloc before this is done. */
static void count_call(void)
{
	if (inside)
		__builtin_trap();
	inside = 1;
	pthread_once(&once, make_key);
	pthread_setspecific(key, (void *)((uintptr_t)pthread_getspecific(key) + 1));
	inside = 0;
}

static void *carve(size_t bytes)
{
	void *p;

	if (bytes > (size_t)(chunk_end - chunk)) {
		size_t room = bytes > CHUNK ? bytes : CHUNK;

		p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		chunk = p;
		chunk_end = chunk + room;
	}
	p = chunk;
	chunk += bytes;
	return p;
}

void *malloc(size_t size)
{
	size_t size_class = 0;
	struct block *b;

	while (((size_t)32 << size_class) < size + sizeof(*b))
		size_class++;
	count_call();
	read_settings();
	pthread_mutex_lock(&lock);
	b = free_blocks[size_class];
	if (b)
		free_blocks[size_class] = b->next;
	else
		b = carve((size_t)32 << size_class);
	pthread_mutex_unlock(&lock);
	if (!b)
		return NULL;
	b->size_class = size_class;
	return b + 1;
}

void free(void *p)
{
	struct block *b = p;

	if (!p)
		return;
	b--;
	pthread_mutex_lock(&lock);
	b->next = free_blocks[b->size_class];
	free_blocks[b->size_class] = b;
	pthread_mutex_unlock(&lock);
}

void *calloc(size_t n, size_t size)
{
	void *p = malloc(n * size);

	if (p)
		memset(p, 0, n * size);
	return p;
}

void *realloc(void *old, size_t size)
{
	struct block *b = old;
	size_t room = old ? ((size_t)32 << b[-1].size_class) - sizeof(*b) : 0;
	void *p = malloc(size);

	if (p && old)
		memcpy(p, old, room < size ? room : size);
	if (p)
		free(old);
	return p;
}

static void *aligned(size_t alignment, size_t size)
{
	/* Blocks of this allocator are 16-aligned; more is cut from a block that is never given back. */
	uintptr_t p = (uintptr_t)malloc(size + alignment + sizeof(struct block));
	struct block *b;

	if (!p || alignment <= 16)
		return (void *)p;
	p = (p + sizeof(*b) + alignment - 1) & ~(alignment - 1);
	b = (struct block *)p - 1;
	b->size_class = 0;
	while (((size_t)64 << b->size_class) < size + sizeof(*b))
		b->size_class++;
	return (void *)p;
}

static void *allocate_once(void *arg)
{
	free(malloc((size_t)(uintptr_t)arg));
	return arg;
}

/* A thread, or with SLOWMALLOC_FIRST an allocation, before any other library, preloaded or not, was initialised. */
__attribute__((constructor)) static void begin_first(void)
{
	pthread_t t;

	if (getenv("SLOWMALLOC_FIRST"))
		free(malloc(1));
	if (pthread_create(&t, NULL, allocate_once, (void *)100) == 0)
		pthread_join(t, NULL);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = aligned(alignment, size);
	return *p ? 0 : 12;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return aligned(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
	return aligned(alignment, size);
}
