//! One road into the engine: a ring with a single producer, and a debt book for what must not be lost.

use crate::events::is_release;
use crate::lend::Shared;
use crate::wire::{Command, Stamp, ToEngine};
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering};
use rtrb::{Consumer, Producer};

/// The controllers of [`Owed`]'s pedal sets, in order.
const PEDALS: [u8; 4] = [64, 66, 67, 69];

/// Releases that found the ring full. The engine pays them at its next block, after the ring has been drained.
///
/// Shared by the two ends of a lane; every field is written by either end at any time. From the first release that is
/// owed until the engine has paid, the sender puts nothing on the ring: so what is owed always comes behind what is
/// on the ring, and no note-off overtakes its note-on.
#[derive(Debug, Default)]
pub struct Owed {
    any: AtomicBool,
    /// A bit a key; two words a channel.
    notes: [AtomicU64; 32],
    /// A bit a channel; a word a pedal.
    pedals: [AtomicU16; 4],
    /// Channels with all notes off, and with all sound off.
    notes_off: AtomicU16,
    sound_off: AtomicU16,
    panic: AtomicBool,
    dropped: AtomicU32,
}

impl Owed {
    /// Writes down a release; other messages are counted as dropped.
    pub(crate) fn record(&self, command: &Command) {
        match *command {
            Command::Panic => self.panic.store(true, Ordering::Release),
            Command::Midi(data) if is_release(data) => {
                self.record_release(data);
                self.any.store(true, Ordering::Release);
            }
            _ => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn record_release(&self, [status, first, _]: [u8; 3]) {
        let channel = usize::from(status & 0x0f);
        match status & 0xf0 {
            0x80 | 0x90 => {
                let word = channel * 2 + usize::from(first >> 6 & 1);
                self.notes[word].fetch_or(1 << (first & 63), Ordering::Relaxed);
            }
            0xb0 => match PEDALS.iter().position(|&pedal| pedal == first) {
                Some(pedal) => drop(self.pedals[pedal].fetch_or(1 << channel, Ordering::Relaxed)),
                None if first == 120 => drop(self.sound_off.fetch_or(1 << channel, Ordering::Relaxed)),
                // Reset all controllers lets the pedals go.
                None if first == 121 => self.pedals.iter().for_each(|pedal| {
                    pedal.fetch_or(1 << channel, Ordering::Relaxed);
                }),
                None => drop(self.notes_off.fetch_or(1 << channel, Ordering::Relaxed)),
            },
            _ => self.panic.store(true, Ordering::Release),
        }
    }

    /// Hands every release owed to `pay` and forgets it.
    pub(crate) fn settle(&self, mut pay: impl FnMut(Command)) {
        if !self.any.swap(false, Ordering::AcqRel) {
            return;
        }
        for (word, bits) in (0_u8..).zip(&self.notes) {
            let mut bits = bits.swap(0, Ordering::Relaxed);
            while bits != 0 {
                let key = low_bit(bits) | (word & 1) << 6;
                pay(Command::Midi([0x80 | word >> 1, key, 64]));
                bits &= bits - 1;
            }
        }
        for (set, pedal) in self.pedals.iter().zip(PEDALS) {
            channels(set.swap(0, Ordering::Relaxed), |channel| {
                pay(Command::Midi([0xb0 | channel, pedal, 0]))
            });
        }
        for (set, controller) in [(&self.notes_off, 123), (&self.sound_off, 120)] {
            channels(set.swap(0, Ordering::Relaxed), |channel| {
                pay(Command::Midi([0xb0 | channel, controller, 0]));
            });
        }
    }

    /// Whether any release is owed.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Takes the panic that is owed.
    #[inline]
    fn take_panic(&self) -> bool {
        self.panic.load(Ordering::Relaxed) && self.panic.swap(false, Ordering::Acquire)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a bit number of a word is below 64"
)]
const fn low_bit(bits: u64) -> u8 {
    bits.trailing_zeros() as u8
}

fn channels(mut set: u16, mut each: impl FnMut(u8)) {
    while set != 0 {
        each(low_bit(u64::from(set)));
        set &= set - 1;
    }
}

/// The producer's end of a lane. Belongs to one thread: the panel, one MIDI port, the remote control.
pub struct LaneSender {
    ring: Producer<ToEngine>,
    bytes: Producer<u8>,
    owed: Shared<Owed>,
}

impl LaneSender {
    /// Joins the producers' ends of a lane.
    #[must_use]
    pub const fn new(ring: Producer<ToEngine>, bytes: Producer<u8>, owed: Shared<Owed>) -> Self {
        Self { ring, bytes, owed }
    }

    /// Sends a command. Returns whether it will take effect: always for a note-off, a pedal-up and a panic.
    ///
    /// When the ring is full a release takes effect as soon as the engine has taken what is on it, and until then
    /// everything else is dropped. A panic with [`Stamp::Now`] waits for nothing.
    #[inline]
    pub fn send(&mut self, at: Stamp, command: Command) -> bool {
        let urgent = matches!((at, command), (Stamp::Now, Command::Panic));
        if !urgent && !self.owed.any() && self.ring.push(ToEngine { at, command }).is_ok() {
            return true;
        }
        self.owe(command)
    }

    #[cold]
    fn owe(&mut self, command: Command) -> bool {
        self.owed.record(&command);
        matches!(command, Command::Panic) || matches!(command, Command::Midi(data) if is_release(data))
    }

    /// Sends a MIDI message: 1 to 3 bytes without running status, or a whole system exclusive message.
    ///
    /// Returns whether it will take effect.
    #[inline]
    pub fn send_midi(&mut self, at: Stamp, message: &[u8]) -> bool {
        match *message {
            // By far the most frequent.
            [status, first, second] if status != 0xf0 => {
                self.send(at, Command::Midi([status, first, second]))
            }
            [0xf0, ..] => self.send_sysex(at, message),
            [status] => self.send(at, Command::Midi([status, 0, 0])),
            [status, first] => self.send(at, Command::Midi([status, first, 0])),
            _ => false,
        }
    }

    #[cold]
    fn send_sysex(&mut self, at: Stamp, message: &[u8]) -> bool {
        let fits = !self.owed.any() && self.ring.slots() > 0 && self.bytes.slots() >= message.len();
        if let (true, Ok(len)) = (fits, u32::try_from(message.len())) {
            // The bytes first: the engine looks for them only after it has seen the command.
            if self.bytes.push_entire_slice(message).is_ok() {
                return self.send(at, Command::SysEx { len });
            }
        }
        self.owed.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// Number of commands dropped since the lane was made.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.owed.dropped.load(Ordering::Relaxed)
    }

    /// Whether the engine's end is gone.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

impl fmt::Debug for LaneSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneSender")
            .field("free", &self.ring.slots())
            .finish_non_exhaustive()
    }
}

/// The bytes of a lane's system exclusive messages.
#[derive(Debug)]
pub struct LaneBytes<'a>(&'a mut Consumer<u8>);

impl LaneBytes<'_> {
    /// Copies the next `into.len()` bytes; returns whether there were that many.
    pub fn read(&mut self, into: &mut [u8]) -> bool {
        self.0.pop_entire_slice(into).is_ok()
    }

    /// Skips `len` bytes.
    pub fn skip(&mut self, len: u32) {
        if let Ok(chunk) = self.0.read_chunk(len as usize) {
            chunk.commit_all();
        }
    }
}

/// The engine's end of a lane.
pub struct Lane {
    ring: Consumer<ToEngine>,
    bytes: Consumer<u8>,
    owed: Shared<Owed>,
    seen_dropped: u32,
}

impl Lane {
    /// Joins the consumers' ends of a lane.
    #[must_use]
    pub const fn new(ring: Consumer<ToEngine>, bytes: Consumer<u8>, owed: Shared<Owed>) -> Self {
        Self {
            ring,
            bytes,
            owed,
            seen_dropped: 0,
        }
    }

    /// Hands each waiting command to `take`, in order, until it refuses one; that one and those behind it stay.
    /// Returns whether all that waited were taken.
    ///
    /// `take` also gets the bytes of system exclusive messages, of which it must read or skip as many as each
    /// [`Command::SysEx`] that it takes tells.
    #[inline]
    pub fn drain(&mut self, mut take: impl FnMut(&ToEngine, &mut LaneBytes<'_>) -> bool) -> bool {
        let waiting = self.ring.slots();
        let Ok(chunk) = self.ring.read_chunk(waiting) else {
            return false;
        };
        let mut bytes = LaneBytes(&mut self.bytes);
        let (first, second) = chunk.as_slices();
        let mut taken = 0;
        for command in first.iter().chain(second) {
            if !take(command, &mut bytes) {
                break;
            }
            taken += 1;
        }
        chunk.commit(taken);
        taken == waiting
    }

    /// Whether releases are owed. What is on the ring when this says so came before them.
    #[inline]
    #[must_use]
    pub fn owes(&self) -> bool {
        self.owed.any()
    }

    /// Whether there is nothing to take and nothing to count.
    #[inline]
    #[must_use]
    pub fn rests(&self) -> bool {
        self.ring.is_empty()
            && !self.owed.any.load(Ordering::Relaxed)
            && !self.owed.panic.load(Ordering::Relaxed)
            && self.owed.dropped.load(Ordering::Relaxed) == self.seen_dropped
    }

    /// Takes a panic that overtakes the ring.
    #[inline]
    #[must_use]
    pub fn take_panic(&mut self) -> bool {
        self.owed.take_panic()
    }

    /// Hands the releases that found the ring full to `pay`. Call when the ring is empty and [`owes`](Self::owes) said
    /// so before it was drained.
    #[inline]
    pub fn settle(&mut self, pay: impl FnMut(Command)) {
        self.owed.settle(pay);
    }

    /// Takes the number of commands dropped by the sender since the last call.
    #[inline]
    pub fn take_dropped(&mut self) -> u32 {
        let dropped = self.owed.dropped.load(Ordering::Relaxed);
        dropped.wrapping_sub(core::mem::replace(&mut self.seen_dropped, dropped))
    }

    /// Whether the sender is gone and nothing waits.
    #[inline]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        // Abandonment first: a sender that pushes and then goes is not overlooked.
        self.ring.is_abandoned()
            && self.ring.is_empty()
            && !self.owed.any()
            && !self.owed.panic.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("waiting", &self.ring.slots())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make their own rings")]
mod tests {
    extern crate std;

    use super::*;
    use crate::lend::testing::share;
    use std::sync::Arc;
    use std::vec::Vec;

    fn lane(commands: usize, bytes: usize) -> (LaneSender, Lane) {
        let (ring_in, ring_out) = rtrb::RingBuffer::new(commands);
        let (bytes_in, bytes_out) = rtrb::RingBuffer::new(bytes);
        let owed = Arc::new(Owed::default());
        (
            LaneSender::new(ring_in, bytes_in, share(&owed)),
            Lane::new(ring_out, bytes_out, share(&owed)),
        )
    }

    fn settled(lane: &mut Lane) -> Vec<Command> {
        let mut paid = Vec::new();
        lane.settle(|command| paid.push(command));
        paid
    }

    #[test]
    fn a_full_ring_never_loses_a_release() {
        let (mut sender, mut lane) = lane(2, 8);
        for key in 0..4 {
            sender.send_midi(Stamp::Now, &[0x90, key, 100]);
        }
        assert_eq!(sender.dropped(), 2);
        for key in [3, 64, 127] {
            assert!(sender.send_midi(Stamp::Now, &[0x85, key, 0]));
        }
        assert!(sender.send_midi(Stamp::Now, &[0xb1, 64, 0]));
        assert!(sender.send_midi(Stamp::Now, &[0xb2, 123, 0]));
        assert!(sender.send(Stamp::Now, Command::Panic));
        assert_eq!(sender.dropped(), 2);

        assert_eq!(lane.take_dropped(), 2);
        assert_eq!(lane.take_dropped(), 0);
        assert!(lane.drain(|_, _| true));
        assert!(!lane.is_finished());
        assert!(lane.take_panic() && !lane.take_panic());
        assert_eq!(
            settled(&mut lane),
            [
                Command::Midi([0x85, 3, 64]),
                Command::Midi([0x85, 64, 64]),
                Command::Midi([0x85, 127, 64]),
                Command::Midi([0xb1, 64, 0]),
                Command::Midi([0xb2, 123, 0]),
            ]
        );
        assert!(settled(&mut lane).is_empty());
    }

    #[test]
    fn system_exclusive_travels_whole_or_not_at_all() {
        let (mut sender, mut lane) = lane(4, 8);
        assert!(sender.send_midi(Stamp::Now, &[0xf0, 1, 2, 3, 0xf7]));
        assert!(!sender.send_midi(Stamp::Now, &[0xf0, 1, 2, 3, 0xf7]));
        let mut heard = Vec::new();
        let all = lane.drain(|next, bytes| {
            assert_eq!(next.command, Command::SysEx { len: 5 });
            let mut message = [0; 5];
            assert!(bytes.read(&mut message));
            heard.push(message);
            true
        });
        assert!(all);
        assert_eq!(heard, [[0xf0, 1, 2, 3, 0xf7]]);
        assert_eq!(lane.take_dropped(), 1);
    }

    #[test]
    fn a_lane_is_finished_only_when_drained() {
        let (mut sender, mut lane) = lane(4, 8);
        sender.send_midi(Stamp::Now, &[0x90, 60, 1]);
        drop(sender);
        assert!(!lane.is_finished());
        assert!(!lane.drain(|_, _| false));
        assert!(!lane.is_finished());
        assert!(lane.drain(|_, _| true));
        assert!(lane.is_finished());
    }
}
