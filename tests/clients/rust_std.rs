// SPDX-License-Identifier: MIT
//! Rust's standard library: its mutexes, conditions and parking use futexes through syscall().
//! Same interface as the C clients: `--list`, or the name of a check.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;
use std::time::{Duration, Instant};

fn mutex() {
    let counter = Mutex::new(0);
    thread::scope(|s| {
        for _ in 0..8 {
            s.spawn(|| {
                for i in 0..2000 {
                    let mut n = counter.lock().unwrap();
                    *n += 1;
                    if i % 100 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(*counter.lock().unwrap(), 16000);
}

fn condvar() {
    let pair = (Mutex::new(0), Condvar::new());
    thread::scope(|s| {
        for me in 0..4 {
            let (turn, changed) = (&pair.0, &pair.1);
            s.spawn(move || {
                for _ in 0..100 {
                    let mut t = changed.wait_while(turn.lock().unwrap(), |t| *t % 4 != me).unwrap();
                    *t += 1;
                    changed.notify_all();
                }
            });
        }
    });
    assert_eq!(*pair.0.lock().unwrap(), 400);
    let begin = Instant::now();
    let (_guard, result) = pair
        .1
        .wait_timeout_while(pair.0.lock().unwrap(), Duration::from_millis(20), |_| true)
        .unwrap();
    assert!(result.timed_out() && begin.elapsed() >= Duration::from_millis(20));
}

fn channels() {
    let (to, from) = mpsc::channel();
    let senders: Vec<_> = (0..8)
        .map(|me| {
            let to = to.clone();
            thread::spawn(move || (0..500).for_each(|i| to.send(me * 500 + i).unwrap()))
        })
        .collect();
    drop(to);
    assert_eq!(from.iter().sum::<u64>(), 4000 * 3999 / 2);
    senders.into_iter().for_each(|t| t.join().unwrap());

    let (to, from) = mpsc::sync_channel(0);
    let sender = thread::spawn(move || (0..200).for_each(|i| to.send(i).unwrap()));
    assert!((0..200).eq(from.iter()));
    sender.join().unwrap();
    let (_kept, from) = mpsc::channel::<u8>();
    assert!(from.recv_timeout(Duration::from_millis(10)).is_err());
}

fn rwlock() {
    let value = RwLock::new((0, 0));
    thread::scope(|s| {
        for me in 0..8 {
            let value = &value;
            s.spawn(move || {
                for i in 0..300 {
                    if (i + me) % 4 == 0 {
                        let mut v = value.write().unwrap();
                        v.0 += 1;
                        thread::yield_now();
                        v.1 += 1;
                    } else {
                        let v = value.read().unwrap();
                        assert_eq!(v.0, v.1);
                    }
                }
            });
        }
    });
    assert_eq!(*value.read().unwrap(), (600, 600));
}

fn barrier() {
    let (meeting, leaders) = (Barrier::new(12), AtomicUsize::new(0));
    thread::scope(|s| {
        for _ in 0..12 {
            s.spawn(|| {
                for _ in 0..50 {
                    if meeting.wait().is_leader() {
                        leaders.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(leaders.load(SeqCst), 50);
}

fn parking() {
    let rounds = Arc::new(AtomicUsize::new(0));
    let seen = rounds.clone();
    let main = thread::current();
    let t = thread::spawn(move || {
        for i in 0..200 {
            while seen.load(SeqCst) != 2 * i + 1 {
                thread::park();
            }
            seen.fetch_add(1, SeqCst);
            main.unpark();
        }
    });
    for i in 0..200 {
        rounds.fetch_add(1, SeqCst);
        t.thread().unpark();
        while rounds.load(SeqCst) != 2 * i + 2 {
            thread::park();
        }
    }
    t.join().unwrap();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(15) {
        thread::park_timeout(Duration::from_millis(15));
    }
}

fn once() {
    static START: Once = Once::new();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let threads: Vec<_> = (0..32)
        .map(|_| {
            thread::spawn(|| {
                START.call_once(|| {
                    thread::sleep(Duration::from_millis(5));
                    RUNS.fetch_add(1, SeqCst);
                });
                assert_eq!(RUNS.load(SeqCst), 1);
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
}

struct Noted(usize);
static DROPPED: AtomicUsize = AtomicUsize::new(0);
impl Drop for Noted {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0, SeqCst);
    }
}
thread_local!(static OWN: RefCell<Noted> = const { RefCell::new(Noted(0)) });

fn locals() {
    let threads: Vec<_> = (1..=32)
        .map(|me| {
            thread::Builder::new().name(format!("own-{me}")).spawn(move || {
                OWN.with(|o| o.borrow_mut().0 = me);
                for _ in 0..50 {
                    thread::yield_now();
                    OWN.with(|o| assert_eq!(o.borrow().0, me));
                    assert_eq!(thread::current().name(), Some(format!("own-{me}").as_str()));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.unwrap().join().unwrap());
    assert_eq!(DROPPED.load(SeqCst), 32 * 33 / 2);
}

fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    let lock = Arc::new(Mutex::new(0));
    for i in 0..20 {
        let held = lock.clone();
        let result = thread::spawn(move || -> () {
            let _guard = held.lock();
            thread::yield_now();
            panic!("number {i}");
        })
        .join();
        assert_eq!(result.unwrap_err().downcast_ref::<String>().unwrap(), &format!("number {i}"));
    }
    assert!(lock.is_poisoned());
}

const CHECKS: &[(&str, fn())] = &[
    ("mutex", mutex),
    ("condvar", condvar),
    ("channels", channels),
    ("rwlock", rwlock),
    ("barrier", barrier),
    ("parking", parking),
    ("once", once),
    ("locals", locals),
    ("panics", panics),
];

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == "--list" {
        CHECKS.iter().for_each(|(name, _)| println!("{name} exit 0"));
        return;
    }
    match CHECKS.iter().find(|(name, _)| *name == wanted) {
        Some((name, run)) => {
            run();
            println!("{name}: ok");
        }
        None => std::process::exit(2),
    }
}
