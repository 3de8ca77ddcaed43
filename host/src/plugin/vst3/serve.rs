//! What main does for a VST3 plugin every few milliseconds: all that the plugin asked for, after its call has returned.

use super::buses;
use super::host::{EditStep, Record, WARNING, WRONG_THREAD, ask};
use super::instance::{Instance, warning};
use super::mapping;
use super::progress::{ProgressEvent, ProgressKind};
use crate::plugin::PluginEvent;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;
use vst3::Steinberg::Vst::RestartFlags_ as flags;

/// What an activation answers by itself.
pub(super) const SATISFIED: i32 = flags::kIoChanged
    | flags::kLatencyChanged
    | flags::kPrefetchableSupportChanged
    | flags::kMidiCCAssignmentChanged;

/// What takes a new activation.
const ANEW: i32 =
    flags::kReloadComponent | flags::kIoChanged | flags::kLatencyChanged | flags::kPrefetchableSupportChanged;

/// What people see when they look, so that they are told to look again.
const SHOWN: i32 = flags::kNoteExpressionChanged
    | flags::kIoTitlesChanged
    | flags::kRoutingInfoChanged
    | flags::kKeyswitchChanged;

pub(super) fn serve(instance: &mut Instance, now: Instant) -> Vec<PluginEvent> {
    let record = Arc::clone(&instance.record);
    // A plugin's timer may do anything but end the plugin, so the records are held while it runs.
    let records: Vec<_> = instance.records().cloned().collect();
    #[cfg(target_os = "linux")]
    records
        .iter()
        .for_each(|record| record.run_loop.serve_timers(now));
    #[cfg(not(target_os = "linux"))]
    let _ = now;
    record.deliver();
    instance.hear_processor();
    if let Some(controls) = instance.controls() {
        mapping::tell_learned(instance.controller(), controls);
    }
    let mut events = std::mem::take(&mut instance.told);
    let asked = record.take_restart(0);
    if asked & (flags::kParamTitlesChanged | flags::kParamIDMappingChanged) != 0 {
        // Before the edits, which may be of new parameters.
        read_params(instance, &mut events);
    }
    take_edits(instance, &mut events);
    restart(instance, asked, &mut events);
    take_wishes(instance, &record, &mut events);
    let mut lost = 0;
    for record in records {
        lost += record.take_notices(|tag, text| {
            events.push(match tag {
                WRONG_THREAD => PluginEvent::WrongThread(text.to_owned()),
                WARNING => warning(text.to_owned()),
                _ => PluginEvent::Log("info", text.to_owned()),
            });
        });
    }
    let refused = record.exchange.take_refused();
    if refused > 0 {
        let text = format!("{refused} blocks of its displays found no room, because it has too few");
        events.push(PluginEvent::Log("info", text));
    }
    if lost > 0 {
        events.push(warning(format!("{lost} lines came too fast and were lost")));
    }
    events
}

fn read_params(instance: &mut Instance, events: &mut Vec<PluginEvent>) {
    let known: HashSet<u32> = instance.params.all.iter().map(|param| param.id).collect();
    instance.read_params();
    events.push(PluginEvent::ParamList);
    // What its processor does with new ones is heard of from the next activation on.
    let mut now = instance.params.all.iter();
    if instance.is_active() && now.any(|param| !known.contains(&param.id)) {
        events.push(PluginEvent::Restart);
    }
}

/// Edits of the plugin's own editor go to its processor, which hears of them from the host alone. Those of parameters that
/// it does not have are dropped, as other hosts do.
fn take_edits(instance: &mut Instance, events: &mut Vec<PluginEvent>) {
    for edit in instance.take_edits() {
        if !instance.params.has(edit.id) {
            continue;
        }
        match edit.what {
            EditStep::Begin => events.push(PluginEvent::EditBegin(edit.id)),
            EditStep::End => events.push(PluginEvent::EditEnd(edit.id)),
            EditStep::Value(value) if !instance.is_active() => instance.put_by(edit.id, value),
            EditStep::Value(value) => events.push(PluginEvent::Edit {
                at: edit.at,
                id: edit.id,
                value,
            }),
        }
    }
}

/// Acts on every flag that `restartComponent` may carry.
fn restart(instance: &mut Instance, asked: i32, events: &mut Vec<PluginEvent>) {
    let has = |flag: i32| asked & flag != 0;
    instance.reload |= has(flags::kReloadComponent);
    // One that is not active is asked for everything when it is activated.
    if has(ANEW) && instance.is_active() {
        events.push(PluginEvent::Restart);
    }
    if has(flags::kParamValuesChanged) {
        events.push(PluginEvent::ParamValues);
    }
    if has(flags::kMidiCCAssignmentChanged) {
        // The number of programs may have changed as well.
        instance.read_units();
        instance.read_assignments();
    }
    if has(flags::kNoteExpressionChanged) {
        instance.read_expressions();
    }
    if has(SHOWN) {
        events.push(PluginEvent::NoteInfo);
    }
}

fn take_wishes(instance: &mut Instance, record: &Record, events: &mut Vec<PluginEvent>) {
    let asked = record.take_asked(0);
    let has = |wish: u32| asked & wish != 0;
    let changed = std::iter::from_fn(|| record.take_programs()).count();
    if changed > 0 || has(ask::PROGRAM_LISTS) {
        instance.read_units();
        events.push(PluginEvent::Programs);
    }
    // Which unit its editor shows, and which belongs to which bus, is read when somebody looks.
    if record.take_unit().is_some() || has(ask::UNIT_BY_BUS) {
        events.push(PluginEvent::NoteInfo);
    }
    let mut switched = false;
    while let Some(wish) = record.take_bus() {
        if wish.media == buses::AUDIO {
            instance
                .wanted_buses
                .note(wish.direction, wish.index, wish.active);
            switched = true;
        }
    }
    if switched && instance.is_active() {
        events.push(PluginEvent::Restart);
    }
    for (wish, event) in [
        (ask::VALUES, PluginEvent::ParamValues),
        (ask::DIRTY, PluginEvent::Dirty),
        (ask::OPEN_EDITOR, PluginEvent::OpenEditor),
    ] {
        if has(wish) {
            events.push(event);
        }
    }
    for happened in record.take_progress() {
        events.extend(progress(&mut instance.tasks, happened));
    }
    if instance.keep_menu(record.take_menus()) {
        events.push(PluginEvent::Menu);
    }
}

fn progress(tasks: &mut Vec<(u64, String)>, happened: ProgressEvent) -> Option<PluginEvent> {
    let (task, done, ended) = match happened {
        ProgressEvent::Started { id, kind, text } => {
            let text = text.unwrap_or_else(|| {
                let words = match kind {
                    ProgressKind::StateRestoration => "Loading the rest of its state",
                    ProgressKind::Task => "Working",
                };
                words.to_owned()
            });
            tasks.push((id, text));
            (id, 0.0, false)
        }
        ProgressEvent::At { id, value } => (id, value, false),
        ProgressEvent::Finished { id } => (id, 1.0, true),
    };
    let place = tasks.iter().position(|(known, _)| *known == task)?;
    let text = if ended {
        tasks.remove(place).1
    } else {
        tasks[place].1.clone()
    };
    Some(PluginEvent::Progress {
        task,
        text,
        done,
        ended,
    })
}
