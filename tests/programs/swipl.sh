#!/bin/bash
# SPDX-License-Identifier: MIT
# SWI-Prolog: linked with tcmalloc, whose first call comes before anything is initialised.
. "${0%/*}/common.sh"
need swipl swi-prolog-nox
cat >threads.pl <<'PROLOG'
:- initialization(main).

sum(To, N) :- numlist(1, 20000, L), sum_list(L, S), thread_send_message(To, sum(N, S)).

main :-
    thread_self(Me),
    findall(T, (between(1, 16, N), thread_create(sum(Me, N), T)), Ts),
    forall(member(_, Ts), (thread_get_message(sum(_, S)), S == 200010000)),
    maplist(thread_join, Ts),
    concurrent_maplist([X, Y]>>(Y is X * X), [1, 2, 3, 4], Squares),
    garbage_collect_atoms,
    print(Squares), nl, halt.
PROLOG
under swipl threads.pl
