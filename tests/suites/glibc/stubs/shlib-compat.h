/* SPDX-License-Identifier: MIT */
/* Old symbol versions are the business of who builds a libc. */
#define PTHREAD_IN_LIBC 1
#define TEST_COMPAT(library, introduced, obsoleted) 0
