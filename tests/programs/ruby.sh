#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's own ruby: 100 threads at queues, locks, conditions, timeouts, pipes and children.
. "${0%/*}/common.sh"
under /usr/bin/ruby - <<'RUBY'
require "timeout"

THREADS = 100

queue, results = Queue.new, SizedQueue.new(7)
workers = THREADS.times.map do
  Thread.new do
    sum = 0
    while (n = queue.pop)
      results << n * n
      sum += n
    end
    sum
  end
end
squares = Thread.new { 5000.times.map { results.pop } }
5000.times { |n| queue << n }
queue.close
puts workers.sum(&:value), squares.value.sum

lock, turned, turn, order = Mutex.new, ConditionVariable.new, 0, []
THREADS.times.to_a.reverse.map do |mine|
  Thread.new do
    lock.synchronize do
      turned.wait(lock) until turn == mine
      order << mine
      turn += 1
      turned.broadcast
    end
  end
end.each(&:join)
puts order == (0...THREADS).to_a

count = 0
THREADS.times.map { Thread.new { 50.times { lock.synchronize { c = count; Thread.pass; count = c + 1 } } } }.each(&:join)
puts count

puts THREADS.times.map { |i| Thread.new { sleep(i % 7 * 0.001); i } }.sum(&:value)

puts 10.times.map { |i| Thread.new { IO.popen(["echo", "child #{i}"], &:read) } }.map(&:value)
puts 10.times.map { |i|
  Thread.new do
    from, to = IO.pipe
    pid = fork do
      from.close
      to << Thread.new { "forked #{i}" }.value
      to.close
      exit!(i)
    end
    to.close
    text = from.read
    _, status = Process.wait2(pid)
    "#{text}: #{status.exitstatus}"
  end
}.map(&:value)

late = THREADS.times.map do |i|
  Thread.new do
    Timeout.timeout(i.even? ? 0.01 : 600) { i.even? ? sleep : :in_time }
  rescue Timeout::Error
    :late
  end
end
puts late.map(&:value).tally.inspect

sleepers = THREADS.times.map do
  Thread.new do
    sleep
  ensure
    lock.synchronize { count += 1 }
  end
end
Thread.pass until sleepers.all? { |t| t.status == "sleep" }
sleepers.each(&:kill).each(&:join)
puts count

raised = THREADS.times.map { Thread.new { Queue.new.pop rescue $!.message } }
Thread.pass until raised.all? { |t| t.status == "sleep" }
raised.each { |t| t.raise("raised") }
puts raised.map(&:value).tally.inspect

signals = Queue.new
trap(:USR1) { signals << :USR1 }
Process.kill(:USR1, Process.pid)
puts signals.pop
RUBY
