//! A block's events and parameter changes as VST3 plugins read them, made beforehand.

use crate::score::{DOWN, Happening, UP, What};
use anyhow::{Context, Result};
use vst3::Steinberg::Vst::Event_::{EventFlags_, EventTypes_};
use vst3::Steinberg::Vst::{
    Event, Event__type0, IEventList, IEventListTrait, IParamValueQueue, IParamValueQueueTrait,
    IParameterChanges, IParameterChangesTrait, NoteOffEvent, NoteOnEvent, ParamID,
};
use vst3::Steinberg::{kNotImplemented, kResultFalse, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

/// What one block reads.
pub struct Lists {
    pub events: ComPtr<IEventList>,
    pub changes: ComPtr<IParameterChanges>,
}

impl Lists {
    /// The lists of a block in which this happens, for the `time`th time: its notes get ids that tell.
    pub fn new(time: usize, happenings: &[Happening]) -> Result<Self> {
        let id = |key: u8| anyhow::Ok(i32::try_from(time)? * 128 + i32::from(key));

        let mut events = Vec::new();
        let mut queues: Vec<Queue> = Vec::new();
        for &(at, what) in happenings {
            let at = i32::try_from(at)?;
            match what {
                What::Down(key) => events.push(down(at, key, id(key)?)?),
                What::Up(key) => events.push(up(at, key, id(key)?)?),
                What::Param { id, value } => match queues.iter_mut().find(|queue| queue.id == id) {
                    Some(queue) => queue.points.push((at, value)),
                    None => queues.push(Queue {
                        id,
                        points: vec![(at, value)],
                    }),
                },
            }
        }
        let queues = queues
            .into_iter()
            .map(|queue| ComWrapper::new(queue).to_com_ptr());
        let changes = Changes(queues.collect::<Option<_>>().context("a list of another kind")?);
        Ok(Self {
            events: ComWrapper::new(Events(events))
                .to_com_ptr()
                .context("a list of another kind")?,
            changes: ComWrapper::new(changes)
                .to_com_ptr()
                .context("a list of another kind")?,
        })
    }
}

fn down(at: i32, key: u8, id: i32) -> Result<Event> {
    let on = NoteOnEvent {
        channel: 0,
        pitch: key.into(),
        tuning: 0.0,
        velocity: part(DOWN),
        length: 0,
        noteId: id,
    };
    event(
        at,
        u16::try_from(EventTypes_::kNoteOnEvent)?,
        Event__type0 { noteOn: on },
    )
}

fn up(at: i32, key: u8, id: i32) -> Result<Event> {
    let off = NoteOffEvent {
        channel: 0,
        pitch: key.into(),
        velocity: part(UP),
        noteId: id,
        tuning: 0.0,
    };
    event(
        at,
        u16::try_from(EventTypes_::kNoteOffEvent)?,
        Event__type0 { noteOff: off },
    )
}

fn event(at: i32, kind: u16, body: Event__type0) -> Result<Event> {
    Ok(Event {
        busIndex: 0,
        sampleOffset: at,
        ppqPosition: 0.0,
        flags: u16::try_from(EventFlags_::kIsLive)?,
        r#type: kind,
        __field0: body,
    })
}

/// A velocity from 0 to 1, in VST3's 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "what narrowing is")]
fn part(velocity: u8) -> f32 {
    (f64::from(velocity) / 127.0) as f32
}

struct Events(Vec<Event>);

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> i32 {
        count(&self.0)
    }

    unsafe fn getEvent(&self, index: i32, event: *mut Event) -> tresult {
        let Some(found) = at(&self.0, index) else {
            return kResultFalse;
        };
        // SAFETY: the plugin gives a place for one event.
        unsafe { event.write(*found) };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kNotImplemented
    }
}

struct Changes(Vec<ComPtr<IParamValueQueue>>);

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> i32 {
        count(&self.0)
    }

    unsafe fn getParameterData(&self, index: i32) -> *mut IParamValueQueue {
        at(&self.0, index).map_or(std::ptr::null_mut(), ComPtr::as_ptr)
    }

    unsafe fn addParameterData(&self, _id: *const ParamID, _index: *mut i32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

/// The values of one parameter, with their frames.
struct Queue {
    id: ParamID,
    points: Vec<(i32, f64)>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> i32 {
        count(&self.points)
    }

    unsafe fn getPoint(&self, index: i32, offset: *mut i32, value: *mut f64) -> tresult {
        let Some(&(there, said)) = at(&self.points, index) else {
            return kResultFalse;
        };
        // SAFETY: the plugin gives places for both.
        unsafe {
            offset.write(there);
            value.write(said);
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _offset: i32, _value: f64, _index: *mut i32) -> tresult {
        kNotImplemented
    }
}

fn count<T>(list: &[T]) -> i32 {
    i32::try_from(list.len()).unwrap_or(i32::MAX)
}

fn at<T>(list: &[T], index: i32) -> Option<&T> {
    usize::try_from(index).ok().and_then(|index| list.get(index))
}
