/* SPDX-License-Identifier: MIT */
/*
 * The wait word of the library API: src/api/libumcg.c with the table in
 * src/api/member.h. Task 0 waits and swaps; others wake it, or swap with it; its
 * deadline may come and a signal handler may run at any moment.
 *
 * A step is one access: every change of the word is an acquire-release
 * compare-and-swap, or the store of its owner to a WOKEN word, which nobody else
 * changes. The run word beneath is a flag that stays up until the sleeper takes
 * it down (task_park(), task_notify(); contract.pml has its insides), and may be
 * up without reason.
 *
 * Properties: wakes that returned 0 are as many as wakeups consumed, dropped by
 * unregistering or still queued, of which there is at most one; a wait fails with
 * ETIMEDOUT or EINTR only if it consumed none; a waiter that sleeps for ever has
 * none queued (looked at when nothing can happen any more).
 */
#ifndef WAKERS
#define WAKERS 2
#endif
#ifndef WAKES
#define WAKES 1			/* each */
#endif
#ifndef WAITS
#define WAITS 2
#endif

#define NONE 0
#define RUNNING 1
#define WAITING 2
#define WOKEN 3

byte word[2];			/* of task 0 and of its partner */
bit notified[2];		/* run word is NOTIFIED: the next sleep returns at once */
byte accepted[2], consumed[2], dropped[2];	/* ghosts */
bit time_came, handler_ran;	/* of task 0 */

#define balance(t) assert(accepted[t] == consumed[t] + dropped[t] + (word[t] == WOKEN -> 1 : 0))

/* post_wakeup(): ret is 0, 1 to unpark, 2 EAGAIN, 3 ESRCH. */
inline post_wakeup(t)
{
	seen = word[t];
	do
	:: seen == NONE -> ret = 3; break
	:: seen == WOKEN -> ret = 2; break
	:: else ->
		d_step {
			if
#ifdef M_PLAIN_WAKE		/* stores WOKEN without looking again */
			:: true ->
#else
			:: word[t] == seen ->
#endif
				word[t] = WOKEN; accepted[t]++; ret = (seen == WAITING -> 1 : 0); ok = 1
			:: else -> seen = word[t]
			fi
		};
		if
		:: ok -> ok = 0; break
		:: else
		fi
	od;
	seen = 0
}

/* task_unpark() */
#define unpark(t) notified[t] = 1

/* give_up(): true if no waker was first. */
inline give_up(t)
{
	d_step {
		if
#ifdef M_PLAIN_GIVE_UP		/* stores RUNNING over a wakeup */
		:: true -> word[t] = RUNNING; ok = 1
#else
		:: word[t] == WAITING -> word[t] = RUNNING; ok = 1
		:: else -> ok = 0
#endif
		fi
	}
}

/* wait_for_wakeup(), sleep_as_task(): err is 0, 1 ETIMEDOUT, 2 EINTR. */
inline wait(t, timed)
{
	err = 0;
	d_step { if :: word[t] == RUNNING -> word[t] = WAITING; ok = 1 :: else -> ok = 0 fi };
	if
	:: !ok ->
		d_step { assert(word[t] == WOKEN); word[t] = RUNNING; consumed[t]++ }
	:: else ->
		ok = 0;
		do
		:: word[t] != WAITING -> d_step { assert(word[t] == WOKEN); word[t] = RUNNING; consumed[t]++ }; break
		:: else ->
			if
			:: t == 0 && handler_ran ->
				handler_ran = 0;
				give_up(t);
				if
				:: ok -> ok = 0; err = 2; break
				:: else
				fi
			:: timed && time_came ->
				give_up(t);
				if
				:: ok -> ok = 0; err = 1; break
				:: else
				fi
			:: !(t == 0 && handler_ran) && !(timed && time_came) ->
				/* sleep_once() */
#ifdef M_LATE_CLEAR		/* takes an early wake down before it sleeps */
				notified[t] = 0;
#endif
end_sleep:			(notified[t] || (timed && time_came) || (t == 0 && handler_ran));
				notified[t] = 0
			fi
		od
	fi;
	ok = 0;
	balance(t)
}

/* umcg_unregister_task() */
inline unregister(t)
{
	err = 0;
	d_step { dropped[t] = dropped[t] + (word[t] == WOKEN -> 1 : 0); word[t] = NONE }
}

proctype Waiter()
{
	byte n, seen, err, ret;
	bit ok;

	do
	:: n < WAITS ->
		n++;
		if
		:: wait(0, 0)
		:: wait(0, 1)
		:: post_wakeup(1);	/* umcg_swap() */
			if
			:: ret == 1 -> unpark(1)
			:: else
			fi;
			if
			:: ret < 2 -> wait(0, 1)
			:: else
			fi;
			ret = 0
		fi
	:: else -> break
	od;
	unregister(0)
}

proctype Waker()
{
	byte n, seen, ret;
	bit ok;

	do
	:: n < WAKES ->
		n++;
		post_wakeup(0);
		if
		:: ret == 1 -> unpark(0)
		:: else
		fi;
		ret = 0
	:: else -> break
	od
}

/* It swaps with task 0, and waits for it. */
proctype Partner()
{
	byte seen, err, ret;
	bit ok;

	wait(1, 0);
	post_wakeup(0);
	if
	:: ret == 1 -> unpark(0)
	:: else
	fi;
	if
	:: ret < 2 -> wait(1, 0)
	:: else
	fi;
	unregister(1)
}

proctype Environment()
{
	bit late;

end:	do
	:: !time_came -> time_came = 1
	:: !handler_ran && !late -> late = 1; handler_ran = 1; unpark(0)
	:: !late -> late = 1; unpark(0)		/* one that came late for an earlier wait */
	od
}

init
{
	byte i;

	atomic {
		word[0] = RUNNING;
		word[1] = RUNNING;
		run Waiter();
		run Partner();
		for (i : 1 .. WAKERS) {
			run Waker()
		}
		run Environment()
	}
	timeout ->		/* nothing can happen any more: whoever is left sleeps */
	assert(word[0] != WOKEN && word[1] != WOKEN)
}
