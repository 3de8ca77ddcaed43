//! From a port's own time stamps to the monotonic clock.

/// How long the smallest distance between the two clocks is looked for before an older one is forgotten.
const WINDOW: i64 = 5_000_000_000;
/// A stamp that says a message lay around for longer than this is not believed.
const UNTRUSTED: i64 = 50_000_000;
/// How far a stamp may lie before what it stands for: WinMM counts whole milliseconds.
pub(crate) const RESOLUTION: i64 = if cfg!(windows) { 1_000_000 } else { 1_000 };

/// Maps the stamps of one port to nanoseconds of the monotonic clock.
///
/// A message is handed over some time after its stamp was taken: a little that is always the same, and jitter on top.
/// So the smallest distance seen lately between arrival and stamp is the distance of the clocks, and a message that
/// comes late is put back to where its stamp says. The result never lies after the arrival and never runs backward.
#[derive(Debug)]
pub(crate) struct StampClock {
    resolution: i64,
    /// Smallest distance since `since`, if any was seen.
    current: Option<i64>,
    /// Smallest distance of the window before.
    previous: Option<i64>,
    since: i64,
    last_stamp: i64,
    last: i64,
}

impl StampClock {
    /// A clock for stamps of this resolution in nanoseconds.
    pub(crate) const fn new(resolution: i64) -> Self {
        Self {
            resolution,
            current: None,
            previous: None,
            since: 0,
            last_stamp: 0,
            last: i64::MIN,
        }
    }

    /// The time of a message stamped `micros` that arrives at `now`. A stamp of 0 says nothing.
    pub(crate) fn map(&mut self, micros: u64, now: i64) -> i64 {
        let stamp = i64::try_from(micros).unwrap_or(i64::MAX).saturating_mul(1000);
        let time = if stamp == 0 { now } else { self.stamped(stamp, now) };
        self.last = self.last.max(time);
        self.last
    }

    fn stamped(&mut self, stamp: i64, now: i64) -> i64 {
        let distance = now.saturating_sub(stamp);
        let age = now.saturating_sub(self.since);
        if stamp < self.last_stamp || age > 2 * WINDOW {
            self.restart(distance, now);
        } else if age > WINDOW {
            self.previous = self.current;
            self.current = None;
            self.since = now;
        }
        self.last_stamp = stamp;
        let current = self.current.map_or(distance, |current| current.min(distance));
        self.current = Some(current);
        let smallest = self.previous.map_or(current, |previous| previous.min(current));
        let time = now.min(stamp.saturating_add(smallest).saturating_add(self.resolution));
        if now - time > UNTRUSTED {
            self.restart(distance, now);
            return now;
        }
        time
    }

    const fn restart(&mut self, distance: i64, now: i64) {
        self.previous = None;
        self.current = Some(distance);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000_000_000;

    #[test]
    fn jitter_of_the_arrival_goes() {
        let mut clock = StampClock::new(1000);
        for (number, late) in (1_i64..).zip([0, 3_000_000, 200_000, 9_000_000, 0, 40_000]) {
            let played = number * 20_000_000;
            let time = clock.map(u64::try_from(played / 1000).unwrap(), START + played + late);
            assert!(
                (0..=1000).contains(&(time - START - played)),
                "message {number}: {time}"
            );
        }
    }

    #[test]
    fn coarse_stamps_leave_the_arrival_as_it_is() {
        let mut clock = StampClock::new(1_000_000);
        for number in 1..200_i64 {
            let played = number * 3_370_000;
            let time = clock.map(
                u64::try_from(played / 1_000_000 * 1000).unwrap(),
                START + played + 20_000,
            );
            assert!((time - START - played - 20_000).abs() < 1_000_000);
            assert!(time <= START + played + 20_000);
        }
    }

    #[test]
    fn the_order_of_messages_stays() {
        let mut clock = StampClock::new(1000);
        let mut last = i64::MIN;
        for (stamp, arrival) in [(100, 0), (90, 1), (0, 2), (0, 3), (200, 3), (201, 4), (5, 4)] {
            let time = clock.map(stamp, START + arrival);
            assert!(time >= last && time <= START + arrival);
            last = time;
        }
    }

    #[test]
    fn clocks_that_drift_apart_are_followed() {
        // The port's clock loses 0.02 %.
        let mut clock = StampClock::new(1000);
        for number in 1..2000_i64 {
            let now = START + number * 50_000_000;
            let stamp = u64::try_from(number * 49_990).unwrap();
            let behind = now - clock.map(stamp, now);
            assert!(behind < 2_200_000, "message {number}: {behind} ns");
        }
    }

    #[test]
    fn a_stamp_that_stands_still_is_not_believed() {
        let mut clock = StampClock::new(1000);
        clock.map(77, START);
        assert_eq!(clock.map(77, START + 60_000_000), START + 60_000_000);
    }
}
