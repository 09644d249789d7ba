/* SPDX-License-Identifier: MIT */
/* CPU time of workers. See account.h. */
#include "sched/account.h"
#include "sched/sched.h"

/* Claim what c has used up to now: no two charge for the same time. */
static uint64_t claim(struct carrier *c)
{
	uint64_t now = carrier_cpu_time(c), seen = load_relaxed(&c->charged);

	do {
		if (seen >= now)
			return 0;
	} while (!cas_update(&c->charged, &seen, now));
	return now - seen;
}

void account_begin(struct carrier *c)
{
	claim(c);
}

void account_charge(struct carrier *c, struct task *w)
{
	add_relaxed(&w->carrier_ns, claim(c));
}

void account_exactly(void)
{
	if (!(load_relaxed(&umcg_rt.charge_switches) & CHARGE_EXACTLY))
		or_acq_rel(&umcg_rt.charge_switches, CHARGE_EXACTLY);
}

/* The carrier that executes t now, or NULL. */
static struct carrier *carrier_of(struct task *t)
{
	struct carrier *c = load_relaxed(&t->carrier);
	struct server *s = c ? load_relaxed(&c->server) : NULL;

	return s && load_relaxed(&s->current) == t ? c : NULL;
}

uint64_t account_of(struct task *t)
{
	struct carrier *c = t == umcg_self ? t->carrier : carrier_of(t);

	if (c)
		account_charge(c, t);
	return load_relaxed(&t->carrier_ns);
}
