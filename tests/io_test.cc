// SPDX-License-Identifier: MIT
// Descriptors and other things of the kernel that threads wait for, with races, signals, cancellation and errors.
#include "judge.h"

JUDGE_SAME(IoRace, {"io_race"});
JUDGE_SAME(IoSocket, {"io_socket"});
JUDGE_SAME(IoConnect, {"io_connect"});
JUDGE_SAME(IoPipe, {"io_pipe"});
JUDGE_SAME(IoSignal, {"io_signal"});
JUDGE_SAME(IoCancel, {"io_cancel"});
JUDGE_SAME(IoEvent, {"io_event"});
JUDGE_SAME(IoWait, {"io_wait"});
JUDGE_SAME(IoLife, {"io_life"});
