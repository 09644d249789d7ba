/* SPDX-License-Identifier: MIT */
/*
 * The sleep of idle servers: server_sleep(), server_push_remote() and
 * servers_wake_one() of src/sched/server.c, run_workers() of src/sched/carrier.c.
 *
 * A step is one access, or what a lock protects. A sleeper announces itself,
 * executes a membarrier, and looks at the queues; who pushes stores first and
 * looks at the announcement afterwards, both plainly. With the membarrier one
 * order of these steps exists, and interleaving shows them all.
 *
 * NP kernel threads that are no servers push a worker each, PUSHES times: to an
 * idle server if there is one, else to some server, which shares. A server's
 * sleep may end by itself TICKS times in all (a deadline, a signal, an event).
 *
 * Property: nobody sleeps while a worker waits in a queue; looked at when
 * nothing can happen any more: each worker that was pushed has run.
 */
#ifndef NS
#define NS 2
#endif
#ifndef NP
#define NP 2
#endif
#ifndef PUSHES
#define PUSHES 1
#endif
#ifndef TICKS
#define TICKS 1
#endif

#define NOBODY 255

byte queued[NS];
bit idle_word[NS];		/* 1: on the idle list */
byte idle_count;
bit asleep[NS];			/* on the futex idle_word */
bit searching;
byte ticks;
byte ran;			/* ghost */

/* idle_remove(NULL) */
inline remove_any(s)
{
	d_step {
		s = NOBODY;
		for (k : 0 .. NS - 1) {
			if
			:: s == NOBODY && idle_word[k] -> s = k; idle_word[k] = 0; idle_count--
			:: else
			fi
		};
		k = 0
	}
}

/* idle_remove(s) */
inline remove(s)
{
	d_step {
		if
		:: idle_word[s] -> idle_word[s] = 0; idle_count--
		:: else
		fi
	}
}

/* poller_wake() */
#define wake(s) asleep[s] = 0

inline have_work()		/* servers_have_work() */
{
	work = queued[0] > 0;
	work = work || queued[1] > 0
#if NS > 2
	;
	work = work || queued[2] > 0
#endif
}

inline wake_one(busy)		/* servers_wake_one(); those that work after it are all alike */
{
	do
	:: idle_count == 0 -> break
	:: else ->
		if
		:: !idle_word[busy] -> break	/* it will be through with its queue soon */
		:: true ->
			d_step { ok = !searching; searching = 1 };
			if
			:: !ok -> break
			:: else
			fi;
			remove_any(chosen);
			if
			:: chosen != NOBODY -> wake(chosen); break
			:: else
			fi;
			searching = 0;
#ifdef M_SEARCHED_IN_VAIN	/* others have left their work to us meanwhile */
			break
#else
			have_work();
			if
			:: work
			:: else -> break
			fi
#endif
		fi
	od;
	chosen = 0;
	work = 0;
	ok = 0
}

inline take(q)			/* take_head() */
{
	d_step {
		if
		:: queued[q] -> queued[q]--; got = 1
		:: else
		fi
	}
}

inline steal(q)			/* servers_steal() */
{
	if
	:: !got -> take(q)
	:: else
	fi
}

proctype Server(byte s)
{
	byte k, chosen;
	bit got, work, ok;

	do
	:: true ->
		take(s);
		steal((s + 1) % NS);
#if NS > 2
		steal((s + 2) % NS);
#endif
		if
		:: searching ->
			searching = 0;
			have_work();
			if
			:: got && work -> wake_one(s)
			:: else
			fi;
			work = 0
		:: else
		fi;
		if
		:: got -> got = 0; ran++
		:: else ->
			d_step { idle_word[s] = 1; idle_count++ };	/* idle_enter() */
#ifndef M_NO_RECHECK
			have_work();
#endif
			if
			:: !work ->
				d_step { asleep[s] = idle_word[s] };	/* futex wait */
end_asleep:			if
				:: !asleep[s]
				:: atomic { asleep[s] && ticks -> ticks--; asleep[s] = 0 }
				fi
			:: else
			fi;
			work = 0;
			remove(s)			/* idle_leave() */
		fi
	od
}

proctype Pusher()
{
	byte n, s, k, chosen;
	bit ok, work;

	do
	:: n < PUSHES ->
		n++;
		remove_any(s);
		if
		:: s == NOBODY ->
			if
			:: queued[0]++; s = 0
			:: queued[NS - 1]++; s = NS - 1
			fi;
			wake_one(s)
		:: else ->
			queued[s]++;
#ifndef M_TAKEN_IS_AWAKE	/* it may be idle again, and have looked before the push */
			if
			:: idle_word[s] -> remove(s)
			:: else
			fi;
#endif
			wake(s)
		fi;
		s = 0
	:: else -> break
	od
}

init
{
	byte i;

	atomic {
		ticks = TICKS;
		for (i : 0 .. NS - 1) {
			run Server(i)
		}
		for (i : 1 .. NP) {
			run Pusher()
		}
	}
	timeout ->
	assert(ran == NP * PUSHES)
}
