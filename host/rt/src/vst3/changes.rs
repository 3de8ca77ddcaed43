//! A bounded `IParameterChanges` with its `IParamValueQueue`s.

mod functions;

use super::com::Head;
use crate::lend::Lent;
use core::cell::Cell;
use vst3::Interface;
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueVtbl, IParameterChanges, IParameterChangesVtbl, kNoParamId,
};

/// One value of one parameter at one sample.
#[derive(Clone, Copy, Debug, Default)]
pub struct Point {
    offset: i32,
    /// While points are collected for the plugin, the queue that it belongs to; in what the plugin writes, the next
    /// point of its queue.
    link: u32,
    value: f64,
}

/// A place in a table that finds a queue by its parameter's id.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    /// Which filling of the table it belongs to: so no clearing touches the table.
    filling: u32,
    queue: u32,
}

/// The values of one parameter in one process call.
#[repr(C)]
pub struct Queue {
    head: Head<IParamValueQueueVtbl>,
    owner: Cell<*const Changes>,
    id: Cell<u32>,
    first: Cell<u32>,
    last: Cell<u32>,
    count: Cell<u32>,
}

// SAFETY: the pointer to the owner is set when a process call puts the queue to use and is followed only during that
// call; between calls it means nothing.
unsafe impl Send for Queue {}

impl Default for Queue {
    fn default() -> Self {
        Self {
            head: Head::new(&functions::QUEUE, &IParamValueQueue::IID),
            owner: Cell::new(core::ptr::null()),
            id: Cell::new(kNoParamId),
            first: Cell::new(0),
            last: Cell::new(0),
            count: Cell::new(0),
        }
    }
}

impl Clone for Queue {
    /// Another queue, not yet in use.
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// No point follows.
const END: u32 = u32::MAX;

/// Parameter changes of one process call, for the plugin to read or to write.
///
/// What the plugin reads is collected first and [placed](Self::place) queue by queue where it came mixed, so that a point
/// is found by its number at once. What it writes comes in any order and is linked. Everything that changes lies in cells, as in
/// [`Events`](super::event_list::Events).
#[repr(C)]
pub(super) struct Changes {
    head: Head<IParameterChangesVtbl>,
    queues: Lent<[Queue]>,
    count: Cell<u32>,
    points: Lent<[Cell<Point>]>,
    used: Cell<u32>,
    /// The points queue by queue, if they came mixed. Without this memory the plugin may add points; with it, only read.
    placed: Option<Lent<[Cell<Point>]>>,
    table: Lent<[Cell<Bucket>]>,
    /// The table's size is two to the power of 32 less this.
    shift: u32,
    filling: Cell<u32>,
    /// The queue that was put a value to last, and its parameter.
    recent: Cell<(u32, u32)>,
    /// Whether points of one parameter lie apart in `points`.
    scattered: Cell<bool>,
    /// Queues and points for what is no release: a quarter of the places is for these.
    limits: (usize, usize),
    missed: Cell<u32>,
}

impl Changes {
    /// `table` should have twice as many places as there are queues, and a power of two of them.
    pub(super) fn new(
        queues: Lent<[Queue]>,
        points: Lent<[Cell<Point>]>,
        placed: Option<Lent<[Cell<Point>]>>,
        table: Lent<[Cell<Bucket>]>,
    ) -> Self {
        Self {
            head: Head::new(&functions::CHANGES, &IParameterChanges::IID),
            limits: (queues.len() - queues.len() / 4, points.len() - points.len() / 4),
            queues,
            count: Cell::new(0),
            points,
            used: Cell::new(0),
            placed,
            shift: 32 - table.len().checked_ilog2().unwrap_or(0).clamp(1, 31),
            table,
            filling: Cell::new(1),
            recent: Cell::new((0, kNoParamId)),
            scattered: Cell::new(false),
            missed: Cell::new(0),
        }
    }

    /// The changes as a plugin gets them. They may be used for as long as no unique borrow of them is made.
    pub(super) const fn as_ptr(&self) -> *mut IParameterChanges {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    #[inline]
    pub(super) fn clear(&self) {
        if self.count.get() == 0 {
            return;
        }
        self.count.set(0);
        self.used.set(0);
        self.scattered.set(false);
        self.filling.set(self.filling.get().wrapping_add(1));
        if self.filling.get() == 0 {
            self.forget_fillings();
        }
    }

    /// Once in four thousand million fillings the table is cleared after all.
    #[cold]
    fn forget_fillings(&self) {
        self.table.iter().for_each(|bucket| bucket.set(Bucket::default()));
        self.filling.set(1);
    }

    /// The queues in use.
    #[inline]
    pub(super) fn all(&self) -> &[Queue] {
        self.queues.get(..self.count.get() as usize).unwrap_or(&[])
    }

    /// Whether a value of one more parameter finds room.
    pub(super) fn has_room(&self) -> bool {
        (self.count.get() as usize) < self.limits.0 && (self.used.get() as usize) < self.limits.1
    }

    /// Takes the number of points that found no room.
    pub(super) fn take_missed(&self) -> u32 {
        self.missed.take()
    }

    fn miss(&self) {
        self.missed.set(self.missed.get().saturating_add(1));
    }

    /// The queue that a value was put to last, if it is this parameter's: values tend to come many of one parameter.
    #[inline]
    fn recent(&self, id: u32) -> Option<u32> {
        let (number, there) = self.recent.get();
        (there == id && number < self.count.get()).then_some(number)
    }

    /// The number of a parameter's queue, which is put to use if it is not yet.
    fn queue(&self, id: u32, release: impl Fn() -> bool) -> Option<u32> {
        // Fibonacci hashing: ids tend to count up, and the golden ratio spreads such numbers.
        let mut at = (id.wrapping_mul(0x9e37_79b9) >> self.shift) as usize;
        for _ in 0..self.table.len() {
            let bucket = self.table.get(at)?;
            let Bucket { filling, queue } = bucket.get();
            if filling != self.filling.get() {
                let number = self.count.get();
                if number as usize >= self.limits.0 && !release() {
                    return None;
                }
                let queue = self.queues.get(number as usize)?;
                queue.owner.set(self);
                queue.id.set(id);
                queue.first.set(self.used.get());
                queue.count.set(0);
                self.count.set(number + 1);
                bucket.set(Bucket {
                    filling: self.filling.get(),
                    queue: number,
                });
                return Some(number);
            }
            if self.queues.get(queue as usize)?.id.get() == id {
                return Some(queue);
            }
            at = (at + 1) & ((1 << (32 - self.shift)) - 1);
        }
        None
    }

    /// Collects a value for the plugin; what finds no room is counted. Points of one parameter come in order of time; of
    /// those at one sample the last stays. `release` tells whether a place may be used that is kept for releases.
    #[inline]
    pub(super) fn push(&self, id: u32, offset: i32, value: f64, release: impl Fn() -> bool) -> bool {
        // First of all: a plugin should never meet a queue without a point.
        let used = self.used.get();
        if used as usize >= self.limits.1 && (used as usize >= self.points.len() || !release()) {
            self.miss();
            return false;
        }
        let Some(link) = self.recent(id).or_else(|| self.queue(id, &release)) else {
            self.miss();
            return false;
        };
        self.recent.set((link, id));
        let queue = &self.queues[link as usize];
        let point = Point { offset, link, value };
        let count = queue.count.get();
        if count > 0 {
            let last = queue.last.get();
            let before = &self.points[last as usize];
            if before.get().offset == offset {
                before.set(point);
                return true;
            }
            if last + 1 != used {
                self.scattered.set(true);
            }
        }
        self.points[used as usize].set(point);
        self.used.set(used + 1);
        queue.last.set(used);
        queue.count.set(count + 1);
        true
    }

    /// Makes neighbours of every parameter's points, if what was collected came mixed.
    #[inline]
    pub(super) fn place(&self) {
        if self.scattered.get() {
            self.place_all();
        }
    }

    fn place_all(&self) {
        let Some(placed) = &self.placed else { return };
        let mut first = 0;
        for queue in self.all() {
            queue.first.set(first);
            // From here on where its next point goes: its last one has been asked for.
            queue.last.set(first);
            first += queue.count.get();
        }
        for point in &self.points[..self.used.get() as usize] {
            let point = point.get();
            let queue = &self.queues[point.link as usize];
            let place = queue.last.get();
            if let Some(placed) = placed.get(place as usize) {
                placed.set(point);
            }
            queue.last.set(place + 1);
        }
    }

    /// Hands every parameter's id and last value to `each`; before they are [placed](Self::place).
    #[inline]
    pub(super) fn last_values(&self, mut each: impl FnMut(u32, f64)) {
        for queue in self.all().iter().filter(|queue| queue.count.get() > 0) {
            each(queue.id.get(), self.points[queue.last.get() as usize].get().value);
        }
    }

    /// Adds a plugin's point to one of its queues, in order of time; a point at the same sample is replaced. Returns its
    /// number in the queue.
    fn take(&self, queue: &Queue, offset: i32, value: f64) -> Option<u32> {
        let count = queue.count.get();
        let at = |place: u32| self.points.get(place as usize);
        // Most write in order: then the search begins at its end.
        let (mut number, mut before, mut place) = (0, END, if count > 0 { queue.first.get() } else { END });
        if count > 0 {
            let last = at(queue.last.get())?;
            let Point {
                offset: there, link, ..
            } = last.get();
            if there == offset {
                last.set(Point { offset, link, value });
                return Some(count - 1);
            }
            if there < offset {
                (number, before, place) = (count, queue.last.get(), END);
            }
        }
        while place != END && number < count {
            let point = at(place)?;
            let Point {
                offset: there, link, ..
            } = point.get();
            if there == offset {
                point.set(Point { offset, link, value });
                return Some(number);
            }
            if there > offset {
                break;
            }
            (number, before, place) = (number + 1, place, link);
        }
        let new = self.used.get();
        let Some(free) = at(new) else {
            self.miss();
            return None;
        };
        free.set(Point {
            offset,
            link: place,
            value,
        });
        match at(before) {
            Some(before) if number > 0 => before.set(Point {
                link: new,
                ..before.get()
            }),
            _ => queue.first.set(new),
        }
        if number == count {
            queue.last.set(new);
        }
        self.used.set(new + 1);
        queue.count.set(count + 1);
        Some(number)
    }

    /// A point of a queue.
    #[inline]
    fn point(&self, queue: &Queue, index: i32) -> Option<Point> {
        let index = u32::try_from(index)
            .ok()
            .filter(|&index| index < queue.count.get())?;
        if let Some(placed) = &self.placed {
            let points = if self.scattered.get() {
                placed
            } else {
                &self.points
            };
            return Some(points.get((queue.first.get() + index) as usize)?.get());
        }
        if index + 1 == queue.count.get() {
            return Some(self.points.get(queue.last.get() as usize)?.get());
        }
        let mut point = self.points.get(queue.first.get() as usize)?.get();
        for _ in 0..index {
            point = self.points.get(point.link as usize)?.get();
        }
        Some(point)
    }

    #[cfg(test)]
    pub(super) fn refs(&self) -> u32 {
        self.head.refs()
    }
}

impl Queue {
    const fn as_ptr(&self) -> *mut IParamValueQueue {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    #[cfg(test)]
    pub(super) fn refs(&self) -> u32 {
        self.head.refs()
    }
}
