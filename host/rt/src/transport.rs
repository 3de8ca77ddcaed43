//! Where the music is: tempo, position and metre, as plugins are told.

/// The musical time at one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Whether the song position advances.
    pub playing: bool,
    /// Beats (quarter notes) per minute.
    pub tempo: f64,
    /// Song position in quarter notes.
    pub beats: f64,
    /// Song position in seconds.
    pub seconds: f64,
    /// Position of the last bar line, in quarter notes.
    pub bar_start: f64,
    /// Number of the bar that starts there, from 0.
    pub bar: i32,
    /// Upper number of the time signature.
    pub numerator: u16,
    /// Lower number of the time signature.
    pub denominator: u16,
}

impl Transport {
    /// A stopped transport at the start of the song: 120 beats per minute in four-four time.
    pub const STOPPED: Self = Self {
        playing: false,
        tempo: 120.0,
        beats: 0.0,
        seconds: 0.0,
        bar_start: 0.0,
        bar: 0,
        numerator: 4,
        denominator: 4,
    };

    /// Quarter notes in one bar.
    #[must_use]
    pub fn beats_per_bar(&self) -> f64 {
        f64::from(self.numerator.max(1)) * 4.0 / f64::from(self.denominator.max(1))
    }

    /// Moves the position on by `frames` at `rate` frames per second, if playing.
    ///
    /// Bars are counted on from the last bar line with the present metre.
    pub fn advance(&mut self, frames: u32, rate: f64) {
        if !self.playing {
            return;
        }
        let seconds = f64::from(frames) / rate;
        self.seconds += seconds;
        self.beats += seconds * self.tempo / 60.0;
        let bar = self.beats_per_bar();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float cast saturates, and cuts off the part of a bar"
        )]
        let bars = ((self.beats - self.bar_start) / bar) as i32;
        if bars > 0 {
            self.bar_start += f64::from(bars) * bar;
            self.bar = self.bar.saturating_add(bars);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_the_metre() {
        let mut transport = Transport {
            playing: true,
            numerator: 3,
            denominator: 4,
            ..Transport::STOPPED
        };
        // 120 beats a minute: 24,000 frames a beat at 48 kHz, so 7 beats are two bars and one beat.
        for _ in 0..7 {
            transport.advance(24_000, 48_000.0);
        }
        assert_eq!(transport.bar, 2);
        assert!((transport.bar_start - 6.0).abs() < 1e-9);
        assert!((transport.seconds - 3.5).abs() < 1e-9);
    }

    #[test]
    fn a_bar_line_far_behind_is_caught_up_at_once() {
        let mut transport = Transport {
            playing: true,
            beats: 4.0e8,
            ..Transport::STOPPED
        };
        transport.advance(64, 48_000.0);
        assert_eq!(transport.bar, 100_000_000);
        transport.tempo = f64::NAN;
        transport.advance(64, 48_000.0);
        assert_eq!(transport.bar, 100_000_000);
    }

    #[test]
    fn a_stopped_transport_stays() {
        let mut transport = Transport::STOPPED;
        transport.advance(48_000, 48_000.0);
        assert_eq!(transport, Transport::STOPPED);
    }
}
