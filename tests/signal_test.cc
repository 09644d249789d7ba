// SPDX-License-Identifier: MIT
// Signals: handlers in every state of a thread, masks, waiting for signals, timers, stop and continue.
#include "judge.h"

JUDGE_SAME(Handler, {"handler", "sigself", "altstack"});
JUDGE_SAME(Interruption, {"restarts"});
JUDGE_SAME(Queue, {"sigqueue", "sigtake", "sigfd"});
JUDGE_SAME(Mask, {"sigmask", "rawmask", "oldsignals"});
JUDGE_SAME(Timer, {"alarm", "sigstorm"});
