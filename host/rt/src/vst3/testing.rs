//! What the tests of this crate make lists of.

use super::{Bucket, Point, Queue, ScratchMemory, Vst3Event, Vst3Scratch};
use crate::lend::testing::slice;
use core::cell::Cell;

/// Lists with `places` places each.
pub(crate) fn scratch(places: usize) -> Vst3Scratch {
    let table = (places * 2).next_power_of_two();
    Vst3Scratch::new(ScratchMemory {
        events: slice(places, Cell::new(Vst3Event::default())),
        queues: slice(places, Queue::default()),
        table: slice(table, Cell::new(Bucket::default())),
        points: slice(places, Cell::new(Point::default())),
        placed: slice(places, Cell::new(Point::default())),
        out_events: slice(places, Cell::new(Vst3Event::default())),
        out_bytes: slice(places, Cell::new(0)),
        out_queues: slice(places, Queue::default()),
        out_table: slice(table, Cell::new(Bucket::default())),
        out_points: slice(places, Cell::new(Point::default())),
    })
}
