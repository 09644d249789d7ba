/* SPDX-License-Identifier: MIT */
/*
 * The idle list: idle_push() and idle_server_take() of src/core/state.h, the
 * consumer's umcg_idle_take() and umcg_idle_next() of umcg.h, and the servers
 * that go idle beside it (sleep_for_work_locked() and retract_locked() of
 * src/api/group.c, push_idle() of src/sched/contract.c).
 *
 * A step is one access. The exchange of the head and the accesses to the idle
 * server's word are SEQ_CST, as the pusher writes the list and reads the word
 * while the server writes the word and reads the list; the link is stored with
 * release and loaded with acquire. So one order of the steps exists, and
 * interleaving shows them all.
 *
 * NP workers are pushed ROUNDS times each: a worker that has been taken is run
 * and pushed again, perhaps by another kernel thread, as soon as its link has
 * been followed. NC servers take.
 *
 * Properties: a worker is taken as often as it was pushed, never twice for one
 * push; at the end none is on the list; a server that sleeps is published or
 * being woken whenever a worker waits (end states).
 */
#ifndef NP
#define NP 3
#endif
#ifndef NC
#define NC 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#define NIL 0
#define PENDING 255
#define HEAD 254		/* link of a worker that is on no list: leads to the head */

byte head;			/* worker + 1, or NIL */
byte link[NP + 1];		/* index worker + 1 */
byte idle_server;		/* server + 1, or 0 */
bit sleeping[NC];		/* its state is IDLE */
byte pushed[NP + 1], taken[NP + 1], taken_all;	/* ghosts */
bit lock;			/* the application's: around publishing and retracting */
byte published;			/* guarded by lock: server + 1 */
byte sleepers;			/* guarded by lock: set of servers */

#ifdef M_LINK_FIRST		/* push by load and exchange: what is pushed between is lost */
inline push(w)
{
	before = head;
	link[w] = before;
	head = w;
	before = 0
}
#else
inline push(w)			/* idle_push() */
{
	link[w] = PENDING;
	d_step { before = head; head = w };
	link[w] = before;
	before = 0
}
#endif

inline wake_idle()		/* idle_server_take(), state_resume() */
{
	if
	:: idle_server ->
		d_step { before = idle_server; idle_server = 0 };
		if
		:: before -> d_step { assert(sleeping[before - 1]); sleeping[before - 1] = 0; before = 0 }
		:: else
		fi
	:: else
	fi
}

/* Who pushes worker w: it itself, where its call ended, or whoever woke it. */
proctype Pusher(byte w)
{
	byte before;

	do
	:: pushed[w] < ROUNDS ->
		link[w] == HEAD && taken[w] == pushed[w];	/* it has been run */
		pushed[w]++;
#ifdef M_WAKE_FIRST		/* looks for an idle server before the push */
		wake_idle();
		push(w)
#else
		push(w);
		wake_idle()
#endif
	:: else -> break
	od
}

inline publish_locked()
{
	if
	:: !published && sleepers ->
		d_step {
			if
			:: sleepers & 1 -> published = 1
			:: else -> published = 2
			fi
		};
		idle_server = published
	:: else
	fi
}

proctype Server(byte self)
{
	byte w, next;
	bit mine;

	do
	:: true ->
		/* umcg_idle_take() */
#ifdef M_TAKE_BY_LOAD		/* a load and a store in place of the exchange */
		w = head;
		head = NIL;
#else
		d_step { w = head; head = NIL };
#endif
		do
		:: w == NIL -> break
		:: else ->
			/* umcg_idle_next() */
#ifdef M_NO_PENDING		/* does not wait for the link */
			next = link[w];
			if :: next == PENDING -> next = NIL :: else fi;
#else
			atomic { link[w] != PENDING -> next = link[w] };
#endif
			assert(next != HEAD);
			link[w] = HEAD;
			d_step { taken[w]++; taken_all++; assert(taken[w] == pushed[w]) };
			w = next; next = 0
		od;
		if
		:: !head ->		/* nothing to run */
			atomic { !lock -> lock = 1 };
			sleeping[self] = 1;
			sleepers = sleepers | (1 << self);
			publish_locked();
#ifdef M_NO_RECHECK
			if
			:: false
#else
			if
			:: head
#endif
			:: else ->
				lock = 0;
end_asleep:			!sleeping[self];
				atomic { !lock -> lock = 1 }
			fi;
			/* retract_locked() */
			sleepers = sleepers & ~(1 << self);
			if
			:: published == self + 1 ->
				published = 0;
				d_step { mine = idle_server != 0; idle_server = 0 };
				if
				:: !mine -> lock = 0; !sleeping[self]; atomic { !lock -> lock = 1 }
				:: else
				fi
			:: else
			fi;
			mine = 0;
			sleeping[self] = 0;
			publish_locked();
			lock = 0
		:: else
		fi
	od
}

init
{
	byte i;

	atomic {
		for (i : 1 .. NP) {
			link[i] = HEAD;
			run Pusher(i)
		}
		for (i : 0 .. NC - 1) {
			run Server(i)
		}
	}
	taken_all == NP * ROUNDS	/* all that were pushed */
}
