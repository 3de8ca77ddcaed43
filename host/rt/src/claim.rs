//! A notice board that any thread may post to without waiting: plugin log lines, and who did what wrong.

use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Notices a board holds at once.
const SLOTS: usize = 64;
/// Bytes a notice may have; longer ones are cut at a character.
const LENGTH: usize = 240;

const FREE: u8 = 0;
const CLAIMED: u8 = 1;
const READY: u8 = 2;

struct Slot {
    state: AtomicU8,
    order: AtomicU32,
    notice: UnsafeCell<Notice>,
}

#[derive(Clone, Copy)]
struct Notice {
    tag: u8,
    len: u8,
    text: [u8; LENGTH],
}

/// A fixed number of notices. Posting claims a slot and never waits; when all are taken the notice is counted as
/// lost. One thread reads.
pub struct Board {
    slots: [Slot; SLOTS],
    order: AtomicU32,
    lost: AtomicU32,
}

// SAFETY: a slot's notice is touched only by the thread that moved its state from FREE to CLAIMED, until it
// publishes READY, and after that only by the reader, until it publishes FREE; the exchanges order the accesses.
unsafe impl Sync for Board {}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// An empty board.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const {
                Slot {
                    state: AtomicU8::new(FREE),
                    order: AtomicU32::new(0),
                    notice: UnsafeCell::new(Notice {
                        tag: 0,
                        len: 0,
                        text: [0; LENGTH],
                    }),
                }
            }; SLOTS],
            order: AtomicU32::new(0),
            lost: AtomicU32::new(0),
        }
    }

    /// Posts a notice, from any thread, without waiting. `tag` is the caller's to define.
    pub fn post(&self, tag: u8, text: &str) {
        for slot in &self.slots {
            if slot
                .state
                .compare_exchange(FREE, CLAIMED, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                continue;
            }
            slot.order
                .store(self.order.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            let end = text.floor_char_boundary(LENGTH);
            // SAFETY: this thread moved the slot from FREE to CLAIMED, so nobody else touches its notice.
            let notice = unsafe { &mut *slot.notice.get() };
            notice.tag = tag;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "at most LENGTH, which is below 256"
            )]
            {
                notice.len = end as u8;
            }
            notice.text[..end].copy_from_slice(&text.as_bytes()[..end]);
            slot.state.store(READY, Ordering::Release);
            return;
        }
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the notices, oldest first, and then the number lost since the last call. One thread only: two
    /// readers at once would each see some of the notices.
    ///
    /// At most one boardful a call, so that a thread which posts without end does not hold the reader.
    pub fn take(&self, mut each: impl FnMut(u8, &str)) -> u32 {
        for _ in 0..SLOTS {
            let oldest = self
                .slots
                .iter()
                .filter(|slot| slot.state.load(Ordering::Acquire) == READY)
                .min_by_key(|slot| slot.order.load(Ordering::Relaxed));
            let Some(slot) = oldest else { break };
            if slot
                .state
                .compare_exchange(READY, CLAIMED, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                continue;
            }
            // SAFETY: this thread moved the slot from READY to CLAIMED, so nobody else touches its notice.
            let notice = unsafe { *slot.notice.get() };
            slot.state.store(FREE, Ordering::Release);
            let text = &notice.text[..usize::from(notice.len)];
            each(notice.tag, core::str::from_utf8(text).unwrap_or_default());
        }
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    #[test]
    fn notices_come_in_order_and_are_cut_at_a_character() {
        let board = Board::new();
        board.post(1, "first");
        let long: String = "é".repeat(200);
        board.post(2, &long);
        let mut seen = Vec::new();
        let lost = board.take(|tag, text| seen.push((tag, text.to_string())));
        assert_eq!(lost, 0);
        assert_eq!(seen[0], (1, "first".to_string()));
        assert_eq!(seen[1], (2, "é".repeat(120)));
    }

    #[test]
    fn a_full_board_counts_what_it_loses() {
        let board = Board::new();
        for _ in 0..SLOTS + 3 {
            board.post(0, "x");
        }
        let mut seen = 0;
        assert_eq!(board.take(|_, _| seen += 1), 3);
        assert_eq!(seen, SLOTS);
        assert_eq!(board.take(|_, _| seen += 1), 0);
    }

    #[test]
    fn many_threads_post_while_one_reads() {
        const THREADS: usize = 3;
        let posts = if cfg!(miri) { 20 } else { 2_000 };
        let board = Board::new();
        let mut seen = 0;
        let mut lost = 0;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|| (0..posts).for_each(|_| board.post(7, "a notice of one length"))))
                .collect();
            while !threads.iter().all(|thread| thread.is_finished()) {
                lost += board.take(|tag, text| {
                    assert_eq!((tag, text), (7, "a notice of one length"));
                    seen += 1;
                });
            }
        });
        lost += board.take(|_, _| seen += 1);
        assert_eq!(seen + lost as usize, THREADS * posts);
    }
}
