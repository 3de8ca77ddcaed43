//! The ids of the notes that a plugin holds.

use crate::events::NoteAddress;
use crate::lend::Lent;

/// Keys of a channel.
const KEYS: usize = 128;
/// Places for note ids: one a key of each channel.
pub const NOTES: usize = 16 * KEYS;

/// The notes that were started and not let go, by channel and key, with the ids that they were given.
///
/// VST3 tells the notes of one key apart by their ids; other hosts' -1 leaves a plugin to guess which one is let go.
pub(super) struct Notes {
    ids: Lent<[i32]>,
    /// One bit a key of each channel, two words a channel: whether its note is held.
    held: [u64; 32],
    /// Notes whose key was struck again before it was let go, oldest first: one note-off comes for them all.
    doubled: [Doubled; DOUBLED],
    doubles: usize,
    next: i32,
}

/// Keys that may be struck again before they are let go: with both hands and feet nobody doubles more.
const DOUBLED: usize = 16;

/// A note that is held besides the latest of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubled {
    pub(super) channel: u8,
    pub(super) key: u8,
    pub(super) id: i32,
}

impl Notes {
    /// No notes. `ids` has [`NOTES`] places; a key without a place has no id.
    pub(super) const fn new(ids: Lent<[i32]>) -> Self {
        Self {
            ids,
            held: [0; 32],
            doubled: [Doubled {
                channel: 0,
                key: 0,
                id: -1,
            }; DOUBLED],
            doubles: 0,
            next: 1,
        }
    }

    /// Whether any key is held more than once.
    #[inline]
    pub(super) const fn has_doubled(&self) -> bool {
        self.doubles > 0
    }

    /// Keeps the held note of a key that is struck again. Without room it is forgotten; see
    /// [`take_double_too_many`](Self::take_double_too_many).
    pub(super) fn double(&mut self, channel: u8, key: u8, id: i32) {
        if let Some(place) = self.doubled.get_mut(self.doubles) {
            *place = Doubled { channel, key, id };
            self.doubles += 1;
        }
    }

    /// Takes the note that was doubled first, if there is no room for another.
    pub(super) fn take_double_too_many(&mut self) -> Option<Doubled> {
        (self.doubles == DOUBLED).then(|| self.take_double_at(0))
    }

    /// Takes one of the notes that were doubled and that an address names.
    pub(super) fn take_double(&mut self, channel: Option<u8>, key: Option<u8>) -> Option<Doubled> {
        let named = |note: &Doubled| {
            channel.is_none_or(|channel| channel == note.channel) && key.is_none_or(|key| key == note.key)
        };
        let at = self.doubled[..self.doubles].iter().position(named)?;
        Some(self.take_double_at(at))
    }

    fn take_double_at(&mut self, at: usize) -> Doubled {
        let note = self.doubled[at];
        self.doubled.copy_within(at + 1..self.doubles, at);
        self.doubles -= 1;
        note
    }

    /// Forgets all notes.
    pub(super) const fn clear(&mut self) {
        self.doubles = 0;
        self.held = [0; 32];
    }

    /// A new id, which no note of the last two thousand million has had.
    #[inline]
    pub(super) const fn fresh(&mut self) -> i32 {
        let id = self.next;
        self.next = if id == i32::MAX { 1 } else { id + 1 };
        id
    }

    /// Remembers a note. `channel` 0..=15, `key` 0..=127.
    #[inline]
    pub(super) fn hold(&mut self, channel: u8, key: u8, id: i32) {
        let at = place(channel, key);
        if let Some(place) = self.ids.get_mut(at) {
            *place = id;
            self.held[at / 64] |= 1 << (at % 64);
        }
    }

    /// The id of a held note.
    #[inline]
    pub(super) fn id(&self, channel: u8, key: u8) -> Option<i32> {
        let at = place(channel, key);
        let held = self.held[at / 64] & 1 << (at % 64) != 0;
        self.ids.get(at).copied().filter(|_| held)
    }

    /// Forgets a note.
    #[inline]
    pub(super) fn release(&mut self, channel: u8, key: u8) {
        let at = place(channel, key);
        self.held[at / 64] &= !(1 << (at % 64));
    }

    /// Forgets the notes of these bits, one a key of each channel.
    pub(super) fn forget(&mut self, gone: [u128; 16]) {
        let (channels, _) = self.held.as_chunks_mut();
        for (held, gone) in channels.iter_mut().zip(gone) {
            *held = words(of_words(*held) & !gone);
        }
    }

    /// Hands channel, key and id of every held note that an address names to `each`.
    pub(super) fn each(&self, address: NoteAddress, mut each: impl FnMut(u8, u8, i32)) {
        let channels = match u8::try_from(address.channel) {
            Ok(channel) => channel..channel.saturating_add(1),
            Err(_) => 0..16,
        };
        for channel in channels.take_while(|&channel| channel < 16) {
            let at = place(channel, 0) / 64;
            let mut keys = of_words([self.held[at], self.held[at + 1]]);
            if let Ok(key) = u8::try_from(address.key) {
                keys &= 1_u128.checked_shl(key.into()).unwrap_or(0);
            }
            while keys != 0 {
                #[expect(clippy::cast_possible_truncation, reason = "the number of one of 128 bits")]
                let key = keys.trailing_zeros() as u8;
                keys &= keys - 1;
                each(channel, key, self.ids[place(channel, key)]);
            }
        }
    }
}

#[inline]
fn place(channel: u8, key: u8) -> usize {
    usize::from(channel & 15) * KEYS + usize::from(key & 127)
}

/// The keys of one channel, a bit each.
fn of_words([low, high]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The two words of a channel's keys.
#[expect(clippy::cast_possible_truncation, reason = "each takes its half")]
const fn words(keys: u128) -> [u64; 2] {
    [keys as u64, (keys >> 64) as u64]
}

/// Notes of the plugin that are remembered.
const SAID: usize = 64;

/// The last notes that the plugin has started, for its expressions name a note by nothing but its id.
pub(super) struct Said {
    notes: [NoteAddress; SAID],
    next: usize,
}

impl Said {
    pub(super) const NONE: Self = Self {
        notes: [NoteAddress::ALL; SAID],
        next: 0,
    };

    pub(super) fn remember(&mut self, note: NoteAddress) {
        if note.id >= 0 {
            self.notes[self.next % SAID] = note;
            self.next = self.next.wrapping_add(1);
        }
    }

    /// The latest note of that id.
    pub(super) fn find(&self, id: i32) -> Option<NoteAddress> {
        let back = (1..=SAID).map(|back| self.notes[self.next.wrapping_sub(back) % SAID]);
        back.into_iter().find(|note| note.id == id && id >= 0)
    }
}
