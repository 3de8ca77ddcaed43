//! The same plugins, played by Backline.

use crate::case::{BLOCK, RATE, RENDER_BLOCK, Sound};
use crate::score::{DOWN, Score, UP, What, piece_file};
use anyhow::{Context, Result};
use host::device::Offline;
use host::lend::{lend, share};
use host::link::Link;
use host::plugin::{Format, Instance, RenderMode, Source};
use host::render::{Bits, Job, Tail, render as render_to_file};
use host::role;
use host::session::{Body, Command, LayerSettings, PluginSpec, RackId, RackSpec, Session, Stamp};
use rt::block::Block;
use rt::events::NoteAddress;
use rt::lane::{Lane, LaneSender, Owed};
use rt::rack::{Layer, Rack};
use rt::wire::Handover;
use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How events get to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// With the device's block, as on JACK.
    Device,
    /// Through main's lane, as every MIDI port has one of its own.
    Lane,
}

/// What demo-gain is fed with in every block.
pub fn input() -> Sound {
    let side = |level: f32| {
        (0..BLOCK)
            .map(|frame| if frame % 8 < 4 { level } else { -level })
            .collect()
    };
    [side(0.05), side(0.03)]
}

fn source(format: Format, plugin: &str) -> Source {
    Source {
        file: tests::demo_as(format, plugin),
        which: None,
    }
}

fn rack(format: Format, plugin: &str, layers: usize) -> RackSpec {
    let plugin = PluginSpec::new(source(format, plugin));
    tests::rack(vec![tests::layer(vec![plugin]); layers])
}

/// Plays a score on demo-gain in this many layers, block by block, on an offline device.
pub fn gain(format: Format, layers: usize, blocks: u64, score: &Score) -> Result<Sound> {
    let input = input();
    play(
        &rack(format, "demo-gain", layers),
        Road::Lane,
        Some(&input),
        blocks,
        score,
    )
}

/// Plays a score on demo-synth, block by block, on an offline device.
pub fn synth(format: Format, road: Road, blocks: u64, score: &Score) -> Result<Sound> {
    play(&rack(format, "demo-synth", 1), road, None, blocks, score)
}

fn play(spec: &RackSpec, road: Road, input: Option<&Sound>, blocks: u64, score: &Score) -> Result<Sound> {
    let mut session = Session::new();
    let rack = session.load(spec)?;
    session.open_offline(RATE, BLOCK, RenderMode::Live)?;
    let input = input.map(|[left, right]| [left.as_slice(), right.as_slice()]);
    let kinds: Vec<Vec<_>> = score
        .kinds
        .iter()
        .map(|kind| {
            kind.iter()
                .map(|&(at, what)| (at, Said::new(rack, what)))
                .collect()
        })
        .collect();
    let mut heard = Sound::default();
    for block in 0..blocks {
        for (at, said) in &kinds[(score.kind_of)(block)] {
            let stamp = Stamp::Frame(block * BLOCK as u64 + u64::from(*at));
            let sent = match (said, road) {
                (&Said::Command(command), _) => session.send(stamp, command),
                (Said::Midi(message), Road::Lane) => session.send_midi(stamp, message),
                (Said::Midi(message), Road::Device) => {
                    offline(&mut session)?.midi_in(*at, message);
                    true
                }
            };
            anyhow::ensure!(sent, "The engine's lane is full");
        }
        let played = offline(&mut session)?.step(input);
        if block + 1 == blocks {
            heard = played.map(<[f32]>::to_vec);
        }
    }
    Ok(heard)
}

fn offline(session: &mut Session) -> Result<&mut Offline> {
    session.offline().context("The offline device is gone")
}

/// What is sent, made beforehand as the bare loop's events are.
enum Said {
    Midi([u8; 3]),
    Command(Command),
}

impl Said {
    fn new(rack: RackId, what: What) -> Self {
        match what {
            What::Down(key) => Self::Midi([0x90, key, DOWN]),
            What::Up(key) => Self::Midi([0x80, key, UP]),
            What::Param { id, value } => Self::Command(Command::Plugin {
                rack,
                plugin: tests::at(0, 0),
                body: Body::Param {
                    id,
                    cookie: 0,
                    note: NoteAddress::ALL,
                    value,
                },
            }),
        }
    }
}

/// Plays demo-gain in an engine without a device around it.
pub fn engine(format: Format, blocks: u64) -> Result<Sound> {
    let mut instance = Instance::load(&source(format, "demo-gain"))?;
    let (mut link, mut engine) = Link::build(f64::from(RATE), BLOCK);
    let unit = instance.activate(f64::from(RATE), BLOCK)?;
    let layer = |chain| Layer::new(LayerSettings::default(), chain);
    let rack = Rack {
        id: RackId(1),
        layers: lend(Box::new([layer(lend(Box::new([Some(lend(unit))])))])),
        master: layer(lend(Box::new([]))),
        maps: lend(Box::new([])),
        ceiling: None,
    };
    link.hand_over(Handover::Rack(lend(Box::new(rack))))
        .ok()
        .context("The engine did not take the rack")?;
    let input = input();
    let mut output = [vec![0.0; BLOCK], vec![0.0; BLOCK]];
    let mut taken_apart = Vec::new();
    {
        let _role = role::Audio::enter();
        for _ in 0..blocks {
            let [left, right] = &mut output;
            engine.process(&mut Block {
                inputs: Some([&input[0], &input[1]]),
                outputs: [left, right],
                called: None,
            });
        }
        engine.dismantle(|thing| taken_apart.push(thing));
    }
    drop(taken_apart);
    anyhow::ensure!(instance.deactivate(), "The plugin's processor is still about");
    Ok(output)
}

/// Commands that the engine finds when it looks: as many as the event figures have in a block.
const RING_BATCH: u64 = 8;

/// Sends a command through a lane and takes it out at the other end, as the engine does: it looks before it takes.
pub fn ring(rounds: u64) -> Result<Sound> {
    let (ring, ring_end) = rtrb::RingBuffer::new(4096);
    let (bytes, bytes_end) = rtrb::RingBuffer::new(1 << 16);
    let owed = Arc::new(Owed::default());
    let mut sender = LaneSender::new(ring, bytes, share(&owed));
    let mut lane = Lane::new(ring_end, bytes_end, share(&owed));
    for _ in 0..rounds / RING_BATCH {
        for _ in 0..RING_BATCH {
            sender.send(Stamp::Now, Command::Midi(black_box([0x90, 60, 100])));
        }
        lane.drain(|command, _| {
            black_box(command);
            true
        });
    }
    Ok(Sound::default())
}

/// Renders the piece on demo-synth to a WAV file, as `backline render` does.
pub fn render(format: Format, blocks: u64) -> Result<Sound> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("piece.wav");
    let summary = render_to_file(
        &Job {
            rack: rack(format, "demo-synth", 1),
            midi: Some(piece_file(blocks)?),
            input: None,
            output: output.clone(),
            rate: Some(RATE),
            block: RENDER_BLOCK,
            tail: Tail::Seconds(0.0),
            bits: Bits::Float32,
        },
        |_| ControlFlow::Continue(()),
    )?;
    anyhow::ensure!(
        summary.frames == blocks * RENDER_BLOCK as u64,
        "The rendering is {} frames long",
        summary.frames
    );
    last_block(&fs::read(output)?)
}

/// The last block of a stereo WAV file of 32-bit floats.
fn last_block(file: &[u8]) -> Result<Sound> {
    let start = file
        .len()
        .checked_sub(RENDER_BLOCK * 2 * size_of::<f32>())
        .context("The rendering is too short")?;
    let samples: Vec<f32> = file[start..]
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    let (frames, _) = samples.as_chunks::<2>();
    Ok([
        frames.iter().map(|frame| frame[0]).collect(),
        frames.iter().map(|frame| frame[1]).collect(),
    ])
}
