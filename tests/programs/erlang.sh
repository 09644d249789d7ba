#!/bin/bash
# SPDX-License-Identifier: MIT
# Erlang's schedulers: the stack pointer leads to data, sigaction() is the program's own, all handlers have alternate stacks.
. "${0%/*}/common.sh"
need erl erlang-base
cat >echo.erl <<'ERL'
-module(echo).
-export([main/0]).

main() ->
    Self = self(),
    [spawn(fun() -> Self ! lists:sum([X * I rem 7 || X <- lists:seq(1, 500)]) end) || I <- lists:seq(1, 2000)],
    Sum = lists:sum([receive N -> N end || _ <- lists:seq(1, 2000)]),
    Sleepers = [spawn_monitor(fun() -> [timer:sleep(1) || _ <- lists:seq(1, 50)] end) || _ <- lists:seq(1, 300)],
    [receive {'DOWN', Ref, _, _, normal} -> ok end || {_, Ref} <- Sleepers],
    {ok, Listener} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listener),
    spawn(fun() -> {ok, Peer} = gen_tcp:accept(Listener), answer(Peer) end),
    {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    [begin ok = gen_tcp:send(Socket, <<"hello">>), {ok, <<"hello">>} = gen_tcp:recv(Socket, 5) end || _ <- lists:seq(1, 2000)],
    ok = file:write_file("written", binary:copy(<<"text\n">>, 100000)),
    io:format("~p ~p ~s", [Sum, filelib:file_size("written"), os:cmd("echo child")]).

answer(Peer) ->
    case gen_tcp:recv(Peer, 0) of
        {ok, Data} -> ok = gen_tcp:send(Peer, Data), answer(Peer);
        {error, closed} -> ok
    end.
ERL
under erlc echo.erl
under erl -noshell -run echo main -run init stop
