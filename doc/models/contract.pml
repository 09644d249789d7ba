/* SPDX-License-Identifier: MIT */
/*
 * Servers, workers and the monitor of src/sched/contract.c: who executes which
 * context when. Run by models.sh, which sets the scenario (-DNS=, -DNW=, -DSTEPS=,
 * -DF_…) and, to show that the properties can fail, one mutation (-DM_…).
 *
 * A process is a context: a scheduler (server), a worker, or what lies at the
 * bottom of a kernel thread (base). at[] says which kernel thread executes it;
 * 0 means that it is saved. A switch asserts that the context it enters is
 * saved, so that no context is entered half-saved or by two kernel threads.
 *
 * Granularity: one access to a word that others write at the same time is one
 * step; with it go accesses to what only the caller owns. An atomic loop
 * (task_notify(), state_resume()) is one step: its successful compare-and-swap.
 * The idle list is one word here; idle_list.pml has its insides.
 *
 * Interleaving of single accesses is enough: on each word the exchanges and
 * compare-and-swaps are acquire and release, whoever takes a worker over has
 * read a word that its last owner wrote (run, mail, the idle list), and the two
 * places where each side writes its own word and then reads the other's are
 * fenced: np against ATTN_ASKED by the monitor's membarrier, the idle list
 * against the idle server's word by SEQ_CST.
 *
 * Properties: every assert() below; and in every end state all workers have
 * finished and left, which with finite programs means that no wakeup is lost
 * and no worker stranded.
 */
#ifndef NS
#define NS 2
#endif
#ifndef NW
#define NW 2
#endif
#ifndef STEPS
#define STEPS 2
#endif
#ifndef OTHERS
#define OTHERS STEPS		/* of the workers but the first */
#endif
#ifdef F_BLOCK
#define NC 1			/* spare carriers */
#ifndef F_BLOCKERS
#define F_BLOCKERS NW		/* workers that call what blocks; F_BLOCK: how often the monitor may act */
#endif
#else
#define NC 0
#endif

#define NT (NS + NW)		/* tasks: servers first */
#ifdef F_HOME
#define NK (NS + NC + NW)	/* kernel threads: homes of servers, carriers, homes of workers */
#else
#define NK (NS + NC)
#endif
#define HOME_OF(t) (t < NS -> t : t + NC)
#define BASE_OF(k) (NT + k)
#define BIT(t) (1 << (t))

/* State words. */
#define RUNNING 1
#define IDLE 2
#define BLOCKED 3
#define LOCKED 4
#define PREEMPTED 8
#define base(s) ((s) & 3)

/* Run words. */
#define RUN 0
#define NOTIFIED 1
#define PARKED 2
#define ASLEEP 3

/* enum post */
#define P_NONE 0
#define P_YIELD 1
#define P_SETTLE 2
#define P_HOME 3
#define P_DEPART 4

byte st[NT];			/* umcg_task.state */
byte nt[NT];			/* next_tid: task + 1, or 0 */
byte word[NT];
bit listed[NT];
byte at[NT + NK];		/* the kernel thread + 1 that executes a context */
byte mail[NS];			/* server.mail: worker + 1 */
byte current[NS];		/* server.current: worker + 1 */
byte server[NK];		/* carrier.server: server + 1 */
byte post[NK];
byte post_task[NK];
byte list[NS];			/* idle list of the workers that belong to a server: a set */
bit idle_server[NS];		/* *idle_server_tid_ptr of those */
byte q;				/* the application's queue: workers in, or on their way into, umcg_wait() */
byte finished;			/* ghost: workers that have left */
byte held;			/* ghost: taken from q or a list by somebody who is about to run or wake it */

#ifdef F_BLOCK
bit np[NT], asked[NT], unmanaged[NT];
bit asleep[NT];			/* in a system call */
bit given[NK];			/* carrier.word */
bit home_free[NS];
#endif
#if defined(F_BLOCK) || defined(F_HOME)
bit home_word[NT];
#endif
#ifdef F_TIMED
bit armed[NT], expired[NT];
#endif
#ifdef F_PREEMPT
byte preemptions;
#endif

#define list_of(w) ((w) % NS)
#define mine server[at[self] - 1]

/* task_notify() */
#define notify(t, claimed) \
	d_step { \
		if \
		:: word[t] == PARKED -> word[t] = RUN; claimed = 1 \
		:: else -> word[t] = NOTIFIED; claimed = 0 \
		fi \
	}

/* state_move(): ok, or seen is what is there now. */
#define move(w, to) \
	d_step { \
		if \
		:: st[w] == seen -> st[w] = to; seen = 0; ok = 1 \
		:: else -> seen = st[w]; ok = 0 \
		fi \
	}

/* task_unpark() of a server: it never parks but in the kernel. */
#define wake_server(s) \
	d_step { assert(word[s] != PARKED); word[s] = NOTIFIED }

/* resume_server(): state_resume(), wake_server() */
#define resume_server(s) \
	d_step { assert(base(st[s]) == IDLE); st[s] = (st[s] & ~3) | RUNNING }; \
	wake_server(s)

/* idle_push() */
#define push(w) \
	d_step { \
		assert(!(list[list_of(w)] & BIT(w)) && !(q & BIT(w)) && !(held & BIT(w))); \
		list[list_of(w)] = list[list_of(w)] | BIT(w) \
	}

/* push_idle() and idle_server_take() */
inline push_idle(w)
{
	listed[w] = 1;
	push(w);
	d_step { ok = idle_server[list_of(w)]; idle_server[list_of(w)] = 0 };
	if
	:: ok -> ok = 0; resume_server(list_of(w))
	:: else
	fi
}

/* pass_to_server() */
#define pass_to_server(w, s) \
	d_step { assert(mail[s] == 0); listed[w] = 0; mail[s] = w + 1 }; \
	wake_server(s)

#ifdef M_PARK_EARLY		/* a worker is published as parked before its context is saved */
#define early_park(w) word[w] = PARKED
#else
#define early_park(w) skip
#endif

#ifdef M_NO_NOTIFIED_CHECK	/* parks whatever the run word says */
#define try_park(w) word[w] = PARKED; ok = 1
#else
#define try_park(w) if :: word[w] == RUN -> word[w] = PARKED; ok = 1 :: else -> ok = 0 fi
#endif

#ifdef F_TIMED
#define timed_out(w) expired[w]
#else
#define timed_out(w) 0
#endif

#ifdef M_WAKE_LISTS_IDLE	/* any wake puts an IDLE worker on its list, a late one too */
#define is_woken 1
#else
#define is_woken 0
#endif

/* worker_settle(w, yields); leaves seen, sv, ok and gone zero. */
inline settle(w, yields)
{
	woken = 0;
	do
	:: seen = st[w];
		do
		:: base(seen) == RUNNING && seen & LOCKED -> seen = 0; break
		:: base(seen) == RUNNING && !(seen & LOCKED) ->
			sv = nt[w];
			assert(sv <= NS);
			if
			:: sv && !(seen & PREEMPTED) -> pass_to_server(w, sv - 1); sv = 0; seen = 0; gone = 1; break
			:: else ->
				move(w, IDLE | (seen & PREEMPTED));
				if
				:: ok && sv -> ok = 0; listed[w] = 1; push(w); resume_server(sv - 1); sv = 0; break
				:: ok && !sv -> ok = 0; push_idle(w); break
				:: else -> sv = 0
				fi
			fi
		:: base(seen) == IDLE && seen & LOCKED ->
			move(w, seen & ~LOCKED);
			if
			:: ok -> ok = 0; break
			:: else
			fi
		:: base(seen) == IDLE && !(seen & LOCKED) ->
			seen = 0;
			if
			:: !listed[w] && (yields || timed_out(w) || (woken && is_woken)) -> push_idle(w)
			:: else
			fi;
			break
		:: base(seen) == BLOCKED ->
			move(w, IDLE | (seen & PREEMPTED));
			if
			:: ok -> ok = 0; push_idle(w); break
			:: else
			fi
		od;
		if
		:: gone -> gone = 0; break
		:: else
		fi;
		d_step { try_park(w) };
		if
		:: ok -> ok = 0; break
		:: else -> word[w] = RUN; woken = is_woken
		fi
	od;
	woken = 0
}

/* worker_blocked() */
inline blocked(w)
{
	seen = st[w];
	do
	:: base(seen) != RUNNING || seen & LOCKED -> seen = 0; break
	:: else ->
		move(w, BLOCKED | (seen & PREEMPTED));
		if
		:: ok -> ok = 0; sv = nt[w]; assert(sv >= 1 && sv <= NS); resume_server(sv - 1); sv = 0; break
		:: else
		fi
	od
}

/* carrier_post(), post() of home.c; by the context that was switched to. */
inline posted()
{
	d_step { p = post[at[self] - 1]; x = post_task[at[self] - 1]; post[at[self] - 1] = P_NONE; post_task[at[self] - 1] = 0 };
	if
	:: p == P_NONE
	:: p == P_YIELD || p == P_SETTLE -> settle(x, p == P_YIELD)
	:: p == P_HOME || p == P_DEPART ->
#if defined(F_BLOCK) || defined(F_HOME)
		if
		:: p == P_HOME && x >= NS -> blocked(x)
		:: else
		fi;
		home_word[x] = 1
#else
		skip
#endif
	fi;
	p = 0; x = 0
}

/* wake_or_claim(next, sv), wake(): claim is next + 1 if it is the caller's to run. */
inline wake_or_claim(next, boss)
{
	if
	:: next < NS ->
		if
		:: next + 1 != boss -> wake_server(next)
		:: else
		fi
	:: else ->
		ok = boss != 0 && st[next] == RUNNING;
		if
		:: ok -> ok = nt[next] == boss
		:: else
		fi;
		if
		:: ok -> notify(next, ok); claim = (ok -> next + 1 : 0); ok = 0
		:: else ->
			notify(next, ok);
			if
			:: ok -> ok = 0; settle(next, is_woken)
			:: else
			fi
		fi
	fi
}

/* arch_switch() */
#define switch_to(ctx) assert(at[ctx] == 0); at[ctx] = at[self]; at[self] = 0

/* Take any worker from q; 0 if there is none. */
inline pop(y)
{
	atomic {
		if
		:: q & BIT(NS) -> y = NS
#if NW > 1
		:: q & BIT(NS + 1) -> y = NS + 1
#endif
#if NW > 2
		:: q & BIT(NS + 2) -> y = NS + 2
#endif
		:: q == 0 -> y = 0
		fi;
		if
		:: y -> q = q & ~BIT(y); held = held | BIT(y)
		:: else
		fi
	}
}

proctype Server(byte self)
{
	byte seen, sv, p, x, tid, claim;
	bit ok, gone, woken;

	do
	:: true ->		/* the scheduler, RUNNING */
		assert(st[self] == RUNNING && at[self]);
		d_step {
			q = q | list[0]; list[0] = 0
#if NS > 1
			; q = q | list[1]; list[1] = 0
#endif
		};
		if
		:: q ->
			pop(x);
			if
			:: x == 0 -> goto again	/* another was first */
			:: else
			fi;
			if
			:: st[self] = IDLE;	/* run it */
				d_step { (st[x] & ~PREEMPTED) == IDLE -> st[x] = RUNNING | LOCKED };
				nt[x] = self + 1;
				nt[self] = x + 1;
				d_step { st[x] = RUNNING; held = held & ~BIT(x); x = 0 };
				goto wait
#ifdef F_SERVER_WAKES
			:: st[x] == IDLE ->	/* wake it: it comes by its idle list */
				nt[self] = x + 1;
				d_step { st[x] == IDLE -> st[x] = RUNNING | LOCKED };
				nt[x] = 0;
				d_step { st[x] = RUNNING; held = held & ~BIT(x) };
				notify(x, ok);
				if
				:: ok -> ok = 0; settle(x, is_woken)
				:: else
				fi;
				x = 0
#endif
			fi
		:: else ->		/* nobody to run: idle */
			st[self] = IDLE;
			nt[self] = 0;
#ifndef M_NO_RECHECK
			idle_server[self] = 1;
			if
			:: list[self] || q ->	/* somebody came meanwhile */
				d_step { ok = idle_server[self]; idle_server[self] = 0 };
				if
				:: ok -> st[self] = RUNNING; ok = 0
				:: else -> goto wait	/* it is being woken */
				fi
			:: else -> goto wait
			fi
#else
			idle_server[self] = 1;
			goto wait
#endif
		fi;
		goto again;
wait:		/* server_wait() */
		tid = nt[self];
#ifdef F_BLOCK
		if	/* server_try_home() */
		:: at[self] - 1 != self && home_free[self] ->
			d_step {
				server[at[self] - 1] = 0; server[self] = self + 1;
				post[at[self] - 1] = P_HOME; post_task[at[self] - 1] = self;
				assert(at[BASE_OF(at[self] - 1)] == 0);
				at[BASE_OF(at[self] - 1)] = at[self]; at[self] = 0
			};
			at[self] != 0;
			posted()
		:: else
		fi;
#endif
		if
		:: tid -> wake_or_claim(tid - 1, self + 1); tid = 0
		:: else
		fi;
		do
		:: base(st[self]) == RUNNING ->
			if
			:: claim -> pass_to_server(claim - 1, self); claim = 0
			:: else
			fi;
			break
		:: else ->
			if
			:: !claim -> d_step { claim = mail[self]; mail[self] = 0 }
			:: else
			fi;
			if
			:: claim ->	/* server_run(), run_on() */
				d_step {
					listed[claim - 1] = 0; current[self] = claim;
					assert(mine == self + 1);
					switch_to(claim - 1); claim = 0
				};
				at[self] != 0;
				posted()
			:: else ->	/* park_in_kernel() */
				d_step { if :: word[self] == RUN -> word[self] = ASLEEP :: else fi };
				if
				:: word[self] == ASLEEP ->
end_asleep:				word[self] != ASLEEP
				:: else
				fi;
				word[self] = RUN
			fi
		od;
again:		skip
	od
}

/* np_enter() and np_leave(); without a monitor there is nobody to keep out. */
#ifdef F_BLOCK
#define np_enter() np[self] = 1; (!asked[self])
#else
#define np_enter() skip
#endif

/* What the worker calls. */
#define OP_WAIT 1
#define OP_WAKE 2
#define OP_YIELD 3		/* a signal of the monitor's makes it leave */
#define OP_HOME 4		/* a call that may block and says so */
#define OP_LEAVE 5

#ifdef F_HOME
#define managed (mine == nt[self] || base(st[self]) == BLOCKED || at[self] - 1 == HOME_OF(self))
#else
#define managed (mine == nt[self] || base(st[self]) == BLOCKED)
#endif

#ifdef F_PLAIN
#define GOING (IDLE)		/* marks itself without LOCKED */
#else
#define GOING (IDLE | LOCKED)
#endif

/* The caller's first step of a transition, by compare-and-swap. */
inline lock_self(to)
{
	sv = nt[self];
	d_step {
		if
		:: st[self] == RUNNING -> st[self] = to; ok = 1
		:: else -> ok = 0; sv = 0; op = (base(st[self]) == BLOCKED -> OP_WAIT : OP_YIELD)
		fi
	}
}

proctype Worker(byte self)
{
	byte seen, sv, p, x, tid, claim, op, y, leave;
	byte steps = (self == NS -> STEPS : OTHERS);
	bit ok, gone, woken, again;

	at[self] != 0;
	posted();
#ifdef F_BLOCK
	np[self] = 0;
#endif
	do
	:: true ->		/* the application's code */
		assert(managed);
		assert(base(st[self]) == RUNNING || base(st[self]) == BLOCKED);
		op = 0;
		if
		:: steps ->	/* wait in q */
			lock_self(GOING);
			if
			:: ok -> ok = 0; steps--;
				q = q | BIT(self);
				d_step { assert(st[sv - 1] == IDLE); st[sv - 1] = RUNNING; sv = 0 };
				op = OP_WAIT
			:: else
			fi
#ifdef F_SWITCH
		:: steps && q ->
			pop(y);
			if
			:: y == 0 -> goto next
			:: else
			fi;
			d_step { (st[y] & ~PREEMPTED) == IDLE -> st[y] = RUNNING | LOCKED };
			lock_self(IDLE | LOCKED);
			if
			:: ok -> ok = 0; steps--;
				nt[y] = sv;
				nt[sv - 1] = y + 1; sv = 0;
				nt[self] = y + 1;
				q = q | BIT(self);
				d_step { st[y] = RUNNING; held = held & ~BIT(y); y = 0 };
				op = OP_WAIT
			:: else ->
				d_step { st[y] = IDLE; q = q | BIT(y); held = held & ~BIT(y); y = 0 }
			fi
#endif
#ifdef F_WAKE
		:: steps && q ->
			lock_self(IDLE | LOCKED);
			if
			:: ok -> ok = 0;
				pop(y);
				if
				:: y == 0 -> sv = 0; st[self] = RUNNING; goto next
				:: else
				fi;
				steps--;
				d_step { (st[y] & ~PREEMPTED) == IDLE -> st[y] = RUNNING | LOCKED };
				nt[y] = 0;
				d_step { st[y] = RUNNING; held = held & ~BIT(y) };
				d_step { nt[self] = y + 1; y = sv; sv = 0 };
				op = OP_WAKE
			:: else
			fi
#endif
#ifdef F_TIMED
		:: steps ->	/* sleep: nobody wakes it, the time comes */
			lock_self(IDLE | LOCKED);
			if
			:: ok -> ok = 0; steps--;
				d_step { assert(st[sv - 1] == IDLE); st[sv - 1] = RUNNING; sv = 0 };
				armed[self] = 1;	/* timer_arm() */
				op = OP_WAIT
			:: else
			fi
#endif
#ifdef F_BLOCK
		:: steps && st[self] == RUNNING && self < NS + F_BLOCKERS ->	/* a call that blocks and does not say so */
			steps--;
			asleep[self] = 1;
			asleep[self] = 0;
			goto next
		:: unmanaged[self] && !(st[self] & LOCKED) && base(st[self]) == BLOCKED -> op = OP_YIELD
#endif
#ifdef F_HOME
		:: steps && mine -> steps--; op = OP_HOME
		:: at[self] - 1 == HOME_OF(self) && base(st[self]) == BLOCKED -> op = OP_YIELD
#endif
#ifdef F_PREEMPT
		:: st[self] & PREEMPTED && mine -> op = OP_YIELD
#endif
		:: steps == 0 ->	/* the end */
			lock_self(IDLE | LOCKED);
			if
			:: ok -> ok = 0;
				d_step { assert(st[sv - 1] == IDLE); st[sv - 1] = RUNNING; sv = 0 };
				op = OP_LEAVE
			:: else
			fi
		fi;
enter:
		np_enter();
		leave = P_NONE;
		if
		:: op == OP_WAKE ->	/* member_wake() */
			tid = nt[self];
			notify(tid - 1, ok);
			if
			:: ok -> ok = 0; settle(tid - 1, is_woken)
			:: else
			fi;
			tid = 0
		:: op == OP_WAIT ->	/* worker_wait() */
			tid = nt[self];
			seen = st[self];
			if
			:: base(seen) == BLOCKED -> leave = P_YIELD; tid = 0
			:: else ->
				p = seen; seen = 0;
				if
				:: tid -> wake_or_claim(tid - 1, mine)
				:: else
				fi;
				tid = 0;
				seen = p; p = 0;
				if
#ifdef M_LOCK_IS_MINE	/* umcg_wait() takes another's LOCKED for its own */
				:: base(seen) == RUNNING ->
					do
					:: true -> move(self, seen & ~LOCKED);
						if
						:: ok -> ok = 0; break
						:: else
						fi
					od;
#else
				:: base(seen) == RUNNING && !(seen & LOCKED) ->
#endif
					seen = 0;
					if
					:: claim -> x = claim - 1; claim = 0; settle(x, is_woken); x = 0
					:: else
					fi;
					if
					:: mine == 0 || nt[self] != mine -> leave = P_YIELD
					:: else
					fi
				:: else -> seen = 0; leave = P_SETTLE
				fi
			fi
		:: op == OP_YIELD -> leave = P_YIELD
		:: op == OP_HOME -> leave = P_HOME
		:: op == OP_LEAVE -> leave = P_DEPART
		fi;
		if
		:: leave == P_NONE
		:: else ->	/* worker_leave(), home_switch() */
			early_park(self);
			d_step {
#ifdef F_BLOCK
				unmanaged[self] = 0;
#endif
				post[at[self] - 1] = leave; post_task[at[self] - 1] = self; leave = 0;
				if
				:: mine && claim ->
					listed[claim - 1] = 0; current[mine - 1] = claim;
					switch_to(claim - 1)
				:: mine && !claim ->
					current[mine - 1] = 0;
					switch_to(mine - 1)
				:: else -> assert(!claim); switch_to(BASE_OF(at[self] - 1))
				fi;
				claim = 0
			};
			if
			:: op == OP_LEAVE -> break
			:: else
			fi;
			at[self] != 0;
			posted()
		fi;
#ifdef F_TIMED
		d_step { armed[self] = 0; expired[self] = 0 };	/* timer_disarm() */
#endif
#ifdef F_BLOCK
		np[self] = 0;		/* np_leave(), np_leave_slow() */
		if
		:: unmanaged[self] && !(st[self] & LOCKED) && op != OP_WAKE -> op = OP_YIELD; goto enter
		:: else
		fi;
#endif
		if
		:: op == OP_WAKE -> nt[self] = y; y = 0; st[self] = RUNNING
		:: else
		fi;
next:		op = 0
	od;
	finished++
}

#if NC || defined(F_HOME)
/* The bottom of a kernel thread: server_home_loop(), carrier_loop(), home_loop(). */
proctype Base(byte k)
{
	byte seen, sv, p, x;
	byte self = BASE_OF(k);
	bit ok, gone, woken;

	do
	:: true ->
end_away:	at[self] != 0;
		posted();
		if
#ifdef F_BLOCK
		:: k < NS ->
			home_free[k] = 1;
end_home:		home_word[k] -> home_word[k] = 0; home_free[k] = 0;
			d_step { switch_to(k) }
		:: k >= NS && k < NS + NC ->
end_spare:		given[k] -> given[k] = 0;
			d_step { switch_to(server[k] - 1) }
#endif
#ifdef F_HOME
		:: k >= NS + NC ->
end_parked:		home_word[k - NC] -> home_word[k - NC] = 0;
			d_step { server[k] = 0; switch_to(k - NC) }
#endif
		fi
	od
}
#endif

#ifdef F_BLOCK
/* look_at_member_locked(), take_over_locked(), block_held(), server_hold(), server_let_go() */
#define spare_waits (takeovers < F_BLOCK && at[BASE_OF(NS)] && !given[NS] && !server[NS])

proctype Monitor()
{
	byte seen, s, w, c, takeovers;
	bit ok, slept;

	do
	:: true ->
end_look:	atomic {
			if
			:: current[0] && (st[0] == RUNNING || asleep[current[0] - 1]) && spare_waits -> s = 0
#if NS > 1
			:: current[1] && (st[1] == RUNNING || asleep[current[1] - 1]) && spare_waits -> s = 1
#endif
			fi;
			w = current[s] - 1;
			c = at[w] - 1;
			slept = st[s] != RUNNING
		}
		asked[w] = 1;
		d_step { ok = np[w] == 0 && current[s] == w + 1 && at[w] == c + 1 && server[c] == s + 1 };
#ifdef M_NO_HOLD
		ok = 1;
#endif
		if
		:: ok && slept ->
			seen = st[w];
			do
			:: base(seen) != RUNNING || seen & LOCKED -> ok = 0; break
			:: else ->
				move(w, BLOCKED | (seen & PREEMPTED));
				if
				:: ok -> assert(nt[w] == s + 1); assert(st[s] == IDLE); st[s] = RUNNING; break
				:: else -> ok = 1
				fi
			od;
			seen = 0
		:: ok && !slept ->
#ifndef M_STALE_DUE		/* the server's state is from before the worker was held */
			ok = st[s] == RUNNING
#else
			skip
#endif
		:: else
		fi;
		if
		:: ok ->
			d_step { server[c] = 0; current[s] = 0; unmanaged[w] = 1 };
			asked[w] = 0;
			d_step { server[NS] = s + 1; given[NS] = 1; takeovers++ }
		:: else -> asked[w] = 0
#ifdef F_LIVE			/* it pauses between looks: others get their turn */
			; takeovers++
#endif
		fi;
		d_step { ok = 0; slept = 0; s = 0; w = 0; c = 0 }
	od
}
#endif

#ifdef F_TIMED
/* timers_run() */
proctype Timers()
{
	byte w, seen, sv;
	bit ok, gone, woken;

end:	do
	:: atomic { armed[NS] -> w = NS; armed[w] = 0; expired[w] = 1 };
		notify(w, ok);
		if :: ok -> ok = 0; settle(w, is_woken) :: else fi; w = 0
#if NW > 1
	:: atomic { armed[NS + 1] -> w = NS + 1; armed[w] = 0; expired[w] = 1 };
		notify(w, ok);
		if :: ok -> ok = 0; settle(w, is_woken) :: else fi; w = 0
#endif
	od
}
#endif

#ifdef F_PREEMPT
/* Some thread that asks a running worker to give way. */
proctype Preempter()
{
end:	do
	:: d_step { preemptions < F_PREEMPT && st[NS] == RUNNING -> st[NS] = RUNNING | PREEMPTED; preemptions++ }
#if NW > 1
	:: d_step { preemptions < F_PREEMPT && st[NS + 1] == RUNNING -> st[NS + 1] = RUNNING | PREEMPTED; preemptions++ }
#endif
	od
}
#endif

#ifdef F_LIVE
ltl all_finish { <> (finished == NW) }
#endif

init
{
	byte i;

	atomic {
		for (i : 0 .. NS - 1) {
			st[i] = RUNNING;
			server[i] = i + 1;
			at[i] = i + 1;
			run Server(i)
		}
		for (i : NS .. NT - 1) {	/* registered, on their lists */
			st[i] = IDLE;
			word[i] = PARKED;
			listed[i] = 1;
			list[list_of(i)] = list[list_of(i)] | BIT(i);
#ifdef F_BLOCK
			np[i] = 1;
#endif
			run Worker(i)
		}
#ifdef F_BLOCK
		for (i : 0 .. NS - 1) {
			run Base(i)
		}
		for (i : NS .. NS + NC - 1) {
			at[BASE_OF(i)] = i + 1;
			run Base(i)
		}
		run Monitor();
#endif
#ifdef F_HOME
		for (i : NS + NC .. NK - 1) {
			at[BASE_OF(i)] = i + 1;
			run Base(i)
		}
#endif
#ifdef F_TIMED
		run Timers();
#endif
#ifdef F_PREEMPT
		run Preempter();
#endif
	}
}
