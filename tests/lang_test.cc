// SPDX-License-Identifier: MIT
// Threads of other languages and libraries: C++20, OpenMP, SQLite, Rust's standard library.
#include "judge.h"

JUDGE_SAME(Cxx20, {"cxx_sync", "cxx_future"});
JUDGE_SAME(OpenMp, {"openmp"});

#ifdef HAVE_SQLITE_CLIENT
JUDGE_SAME(Sqlite, {"sqlite"});
#else
TEST(Sqlite, SameAsNptl) { GTEST_SKIP() << "SQLite's development files are not installed"; }
#endif

#ifdef HAVE_RUST_CLIENT
JUDGE_SAME(Rust, {"rust_std"});
#else
TEST(Rust, SameAsNptl) { GTEST_SKIP() << "rustc is not installed"; }
#endif
