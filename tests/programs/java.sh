#!/bin/bash
# SPDX-License-Identifier: MIT
# OpenJDK: a thread for each connection, locks and conditions, fork and join, faults that are exceptions, four collectors.
. "${0%/*}/common.sh"
need javac openjdk-17-jdk-headless
cat >Threads.java <<'JAVA'
import java.io.*;
import java.net.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;

public class Threads {
	static int descend(int n) { return descend(n + 1) + 1; }

	static void serve(Socket socket) {
		try (socket) {
			byte[] buffer = new byte[64];
			for (int n; (n = socket.getInputStream().read(buffer)) > 0;)
				socket.getOutputStream().write(buffer, 0, n);
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	static void ask(int port) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			for (int i = 0; i < 200; i++) {
				socket.getOutputStream().write(new byte[8]);
				socket.getInputStream().readNBytes(8);
			}
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
	}

	static void all(int n, Runnable work) throws InterruptedException {
		List<Thread> threads = Stream.generate(() -> new Thread(work)).limit(n).toList();
		threads.forEach(Thread::start);
		for (Thread thread : threads)
			thread.join();
	}

	public static void main(String[] arguments) throws Exception {
		ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
		Thread acceptor = new Thread(() -> {
			try {
				while (true) {
					Socket socket = listener.accept();
					new Thread(() -> serve(socket)).start();
				}
			} catch (IOException closed) {
			}
		});
		acceptor.start();
		all(40, () -> ask(listener.getLocalPort()));
		listener.close();
		acceptor.join();

		Lock lock = new ReentrantLock();
		Condition turned = lock.newCondition();
		int[] turn = {0};
		int[] ids = {0};
		all(4, () -> {
			int mine;
			synchronized (ids) { mine = ids[0]++; }
			for (int i = 0; i < 1000; i++) {
				lock.lock();
				while (turn[0] % 4 != mine)
					turned.awaitUninterruptibly();
				turn[0]++;
				turned.signalAll();
				lock.unlock();
			}
		});
		System.out.println(turn[0]);

		Map<String, List<String>> lists = new ConcurrentHashMap<>();
		IntStream.range(0, 200000).parallel().forEach(x ->
			lists.computeIfAbsent("k" + x % 100, k -> Collections.synchronizedList(new ArrayList<>())).add("v" + x));
		System.out.println(lists.values().stream().mapToInt(List::size).sum());

		all(2, () -> {
			try {
				descend(0);
			} catch (StackOverflowError e) {
				System.out.println("overflow");
			}
			try {
				int[] nothing = null;
				nothing[0] = 1;
			} catch (NullPointerException e) {
				Thread.yield();
			}
		});

		Thread sleeper = new Thread(() -> {
			try {
				Thread.sleep(600000);
			} catch (InterruptedException e) {
				System.out.println("interrupted");
			}
		});
		sleeper.start();
		sleeper.interrupt();
		sleeper.join();

		Process child = new ProcessBuilder("sh", "-c", "echo child; exit 3").start();
		System.out.println(new BufferedReader(new InputStreamReader(child.getInputStream())).readLine() + child.waitFor());
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
	}
}
JAVA
javac Threads.java
for collector in Serial Parallel G1 Z; do
    under java "-XX:+Use${collector}GC" Threads
done
