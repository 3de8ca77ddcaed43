//! A device without time: blocks are called for by hand, one after the other, as fast as they are done.

use super::Callback;

/// Steps an engine. For rendering and tests; the calling thread plays the audio role during each step.
///
/// Dropping it sends the engine home, as dropping any device does.
#[derive(Debug)]
pub struct Offline {
    callback: Callback,
    rate: u32,
    position: u64,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Offline {
    /// A device that runs `callback` at `rate` frames per second with blocks of `block` frames, at least one.
    #[must_use]
    pub fn new(callback: Callback, rate: u32, block: usize) -> Self {
        let block = block.max(1);
        Self {
            callback,
            rate,
            position: 0,
            left: vec![0.0; block],
            right: vec![0.0; block],
        }
    }

    /// Frames per second.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Frames of one block.
    #[must_use]
    pub const fn block(&self) -> usize {
        self.left.len()
    }

    /// Frames stepped so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Sends a MIDI message into the next block, at a frame of that block.
    pub fn midi_in(&mut self, time: u32, message: &[u8]) {
        self.callback.midi_in(time, message);
    }

    /// Plays one block and returns left and right. Inputs shorter than the block are continued with silence as if
    /// they had ended; longer ones are used as far as the block goes.
    pub fn step(&mut self, inputs: Option<[&[f32]; 2]>) -> [&[f32]; 2] {
        let block = self.left.len();
        let whole = |side: &[f32]| side.len() >= block;
        match inputs {
            Some(sides) if sides.into_iter().all(whole) => {
                let inputs = sides.map(|side| &side[..block]);
                self.callback
                    .run(Some(inputs), [&mut self.left, &mut self.right], None);
            }
            Some(sides) => {
                let ended = sides.map(|side| {
                    let mut ended = side[..side.len().min(block)].to_vec();
                    ended.resize(block, 0.0);
                    ended
                });
                let inputs = [ended[0].as_slice(), ended[1].as_slice()];
                self.callback
                    .run(Some(inputs), [&mut self.left, &mut self.right], None);
            }
            None => self.callback.run(None, [&mut self.left, &mut self.right], None),
        }
        self.position += block as u64;
        [&self.left, &self.right]
    }

    /// Plays one block of the length of `outputs`, which may be any. Inputs are as long.
    ///
    /// # Panics
    ///
    /// If the slices differ in length: the caller would get sound in the wrong place.
    pub fn step_into(&mut self, inputs: Option<[&[f32]; 2]>, outputs: [&mut [f32]; 2]) {
        let frames = outputs[0].len();
        let same = outputs[1].len() == frames
            && inputs.is_none_or(|sides| sides.iter().all(|side| side.len() == frames));
        assert!(same, "inputs and outputs of one block differ in length");
        self.callback.run(inputs, outputs, None);
        self.position += frames as u64;
    }

    /// Hands each MIDI message that plugins said in the last block to `each`, with its frame in that block.
    pub fn midi_out(&mut self, each: impl FnMut(u32, &[u8])) {
        self.callback.midi_out(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::testing::{Rig, info};

    #[test]
    fn it_steps_blocks_of_any_length_and_gives_the_engine_back() {
        let mut rig = Rig::new(&info(48_000, 64));
        let mut offline = Offline::new(rig.callback(), 48_000, 64);
        let [left, right] = offline.step(None);
        assert_eq!((left.len(), right.len()), (64, 64));
        let short = [0.5; 10];
        offline.step(Some([&short, &short]));
        offline.midi_in(3, &[0x90, 60, 100]);
        for frames in [0, 1, 63, 64, 65, 1_000] {
            let (mut left, mut right) = (vec![1.0; frames], vec![1.0; frames]);
            offline.step_into(None, [&mut left, &mut right]);
            assert!(left.iter().chain(&right).all(|&sample| sample == 0.0));
        }
        assert_eq!(offline.position(), 64 + 64 + 1_193);
        drop(offline);
        // A call for no frames is no block.
        assert_eq!(rig.blocks(), 2 + 5);
        rig.engine_comes_home();
    }
}
