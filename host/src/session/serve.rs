//! What main does every few milliseconds.

use super::restarts::Answer;
use super::{LoadedRack, Place, RackId, Running, Session, SessionEvent};
use crate::plugin::PluginEvent;
use rt::Lent;
use rt::events::{Body, NoteAddress};
use rt::rack::Unit;
use rt::wire::{Command, FromEngine, Handover, PluginAddress, Retired, Stamp};
use std::time::{Duration, Instant};

/// Longest sleep between two looks at what plugins asked for from other threads.
const LOOK: Duration = Duration::from_millis(5);

impl Session {
    /// Serves everything that is due: reports, racks that have left, plugins, the device, MIDI ports. Returns what
    /// happened. Never waits, but for the time that plugins take in their own callbacks.
    pub fn tick(&mut self, now: Instant) -> Vec<SessionEvent> {
        #[cfg(windows)]
        crate::messages::serve();
        self.serve_engine();
        self.serve_device(now);
        self.serve_plugins(now);
        // Answers that nobody waits for are of racks handed over while no device ran.
        for (id, refused) in std::mem::take(&mut self.answers) {
            if let Some(at) = refused {
                let error = self.start_error(id, at).to_string();
                self.forget_rack(id);
                self.events.push(SessionEvent::RackFailed(error));
            }
        }
        std::mem::take(&mut self.events)
    }

    /// Takes reports and what has left.
    pub(super) fn serve_engine(&mut self) {
        while let Some(report) = self.running.as_mut().and_then(|running| running.link.report()) {
            self.take_report(report);
        }
        while let Some(retired) = self.running.as_mut().and_then(|running| running.link.retired()) {
            self.take_retired(retired);
        }
    }

    fn take_report(&mut self, report: FromEngine) {
        match report {
            FromEngine::Taken(id) => {
                self.answers.push((id, None));
                self.taken = Some(id);
                // Racks are numbered as they are loaded, so this one came too late to be waited for.
                self.current = self.current.max(self.taken);
                self.events.push(SessionEvent::RackPlaying(id));
            }
            FromEngine::Plugin { rack, plugin, body } => {
                let body = self.in_plain_values(rack, plugin, body);
                self.events.push(SessionEvent::Param { rack, plugin, body });
            }
            FromEngine::Fault { rack, plugin, fault } => {
                let (place, name) = self.name(rack, plugin);
                self.events.push(SessionEvent::Fault { place, name, fault });
            }
            FromEngine::Faded => self.events.push(SessionEvent::Faded),
            FromEngine::PanicDone => self.events.push(SessionEvent::PanicDone),
            FromEngine::PanicStuck { rack, plugin } => {
                let (place, name) = self.name(rack, plugin);
                self.events.push(SessionEvent::PanicStuck { place, name });
                self.restart(rack, plugin);
            }
            FromEngine::SequenceEnd => self.events.push(SessionEvent::SequenceEnd),
            FromEngine::Meters(meters) => self.events.push(SessionEvent::Meters(meters)),
        }
    }

    fn take_retired(&mut self, retired: Retired) {
        match retired {
            Retired::Rack(rack) => {
                let id = rack.id;
                drop(rack);
                self.forget_rack(id);
                self.events.push(SessionEvent::RackGone(id));
            }
            Retired::Refused(rack, at) => {
                self.answers.push((rack.id, Some(at)));
                drop(rack);
            }
            Retired::Unit { rack, plugin, unit } => {
                self.reactivate(rack, plugin, unit);
                self.forget_gone();
            }
            Retired::Lane(lane) => drop(lane),
            Retired::Sequence(sequence) => drop(sequence),
        }
    }

    /// What a processor says of a parameter, as people read it.
    fn in_plain_values(&self, rack: RackId, plugin: PluginAddress, body: Body) -> Body {
        let Body::Param { id, value, .. } = body else {
            return body;
        };
        let loaded = self.racks.iter().find(|loaded| loaded.id == rack);
        match loaded.and_then(|rack| rack.plugin(plugin)) {
            Some(loaded) => param(id, loaded.instance.plain_value(id, value)),
            None => body,
        }
    }

    /// Asks the engine for a plugin's audio half, so that the plugin can be activated anew.
    fn restart(&mut self, rack: RackId, plugin: PluginAddress) {
        let loaded = self
            .racks
            .iter_mut()
            .find(|loaded| loaded.id == rack)
            .and_then(|rack| rack.plugin_mut(plugin));
        let Some(loaded) = loaded.filter(|loaded| !loaded.restarting) else {
            return;
        };
        let Some(running) = &mut self.running else { return };
        if running.link.send(Stamp::Now, Command::TakeOut { rack, plugin }) {
            loaded.restarting = true;
        } else {
            loaded.restarts.put_back();
        }
    }

    /// A plugin's audio half is home: the plugin is deactivated, activated, and put back.
    fn reactivate(&mut self, rack: RackId, plugin: PluginAddress, unit: Lent<Unit>) {
        drop(unit);
        let (place, name) = self.name(rack, plugin);
        let Some(Running { link, rate, .. }) = &mut self.running else {
            return;
        };
        let loaded = self
            .racks
            .iter_mut()
            .find(|loaded| loaded.id == rack)
            .and_then(|rack| rack.plugin_mut(plugin));
        let Some(loaded) = loaded else { return };
        if !std::mem::take(&mut loaded.restarting) {
            // The engine sent it back unasked: it refused to start. It stays out.
            loaded.instance.deactivate();
            let reason = format!("the plugin {name} refused to start processing");
            self.events.push(SessionEvent::ReactivateFailed { place, reason });
            return;
        }
        loaded.instance.deactivate();
        // What waited for the plugin to be inactive is served before it is active again.
        let happened = loaded.instance.serve(Instant::now());
        let kept = std::mem::take(&mut loaded.kept);
        if !kept.is_empty() {
            loaded.instance.set_values(&kept);
        }
        match loaded.instance.activate(*rate, link.max_block()) {
            Ok(unit) => {
                let latency = loaded.instance.latency();
                let handed = link.hand_over(Handover::Unit {
                    rack,
                    plugin,
                    unit: crate::lend::lend(unit),
                });
                self.events.push(match handed {
                    Ok(()) => SessionEvent::Reactivated { place, name, latency },
                    Err(_) => SessionEvent::ReactivateFailed {
                        place,
                        reason: "the audio device does not respond".to_owned(),
                    },
                });
                self.tell_latencies();
            }
            Err(error) => {
                self.events.push(SessionEvent::ReactivateFailed {
                    place,
                    reason: error.to_string(),
                });
            }
        }
        for event in happened {
            self.take_plugin_event(rack, plugin, event, Instant::now());
        }
    }

    fn serve_plugins(&mut self, now: Instant) {
        let mut happened = Vec::new();
        let mut due = Vec::new();
        for rack in &mut self.racks {
            let id = rack.id;
            for plugin in rack.plugins_mut() {
                let events = plugin.instance.serve(now);
                happened.extend(events.into_iter().map(|event| (id, plugin.address, event)));
                if plugin.restarts.is_due(now) {
                    due.push((id, plugin.address));
                }
            }
        }
        for (rack, plugin) in due {
            self.restart(rack, plugin);
        }
        for (rack, plugin, event) in happened {
            self.take_plugin_event(rack, plugin, event, now);
        }
    }

    fn take_plugin_event(&mut self, rack: RackId, plugin: PluginAddress, event: PluginEvent, now: Instant) {
        let event = match event {
            PluginEvent::Restart => match self.ask_to_restart(rack, plugin, now) {
                Answer::Now => return self.restart(rack, plugin),
                Answer::Waiting => return,
                Answer::PutOff => PluginEvent::Log(
                    "warning",
                    "It asks to be restarted over and over. It is let wait, so that it can be heard."
                        .to_owned(),
                ),
            },
            PluginEvent::Process => {
                self.send(Stamp::Now, Command::Wake { rack, plugin });
                return;
            }
            PluginEvent::Edit { at, id, value } => {
                let body = param(id, value);
                self.send(Stamp::Nanos(at), Command::Plugin { rack, plugin, body });
                let body = self.in_plain_values(rack, plugin, body);
                if let Body::Param { value, .. } = body {
                    self.keep(rack, plugin, (id, value));
                }
                return self.events.push(SessionEvent::Param { rack, plugin, body });
            }
            PluginEvent::EditBegin(id) => {
                let body = Body::GestureBegin { id };
                return self.events.push(SessionEvent::Param { rack, plugin, body });
            }
            PluginEvent::EditEnd(id) => {
                let body = Body::GestureEnd { id };
                return self.events.push(SessionEvent::Param { rack, plugin, body });
            }
            PluginEvent::Param(id, value) => {
                let body = param(id, value);
                return self.events.push(SessionEvent::Param { rack, plugin, body });
            }
            event => event,
        };
        let (place, name) = self.name(rack, plugin);
        self.events.push(SessionEvent::Plugin { place, name, event });
    }

    /// Keeps a plain value for a plugin that is on its way out of its chain.
    fn keep(&mut self, rack: RackId, plugin: PluginAddress, value: (u32, f64)) {
        let rack = self.racks.iter_mut().find(|loaded| loaded.id == rack);
        if let Some(loaded) = rack.and_then(|rack| rack.plugin_mut(plugin))
            && loaded.restarting
        {
            loaded.kept.push(value);
        }
    }

    fn ask_to_restart(&mut self, rack: RackId, plugin: PluginAddress, now: Instant) -> Answer {
        let rack = self.racks.iter_mut().find(|loaded| loaded.id == rack);
        match rack.and_then(|rack| rack.plugin_mut(plugin)) {
            // One that is on its way already brings back what this one wants as well.
            Some(loaded) if !loaded.restarting => loaded.restarts.ask(now),
            _ => Answer::Waiting,
        }
    }

    fn name(&self, rack: RackId, plugin: PluginAddress) -> (Place, String) {
        match self.racks.iter().find(|loaded| loaded.id == rack) {
            Some(rack) => name(rack, plugin),
            None => (
                Place {
                    layer: String::new(),
                    number: usize::from(plugin.place) + 1,
                },
                String::new(),
            ),
        }
    }

    /// Sleeps until something is due for [`tick`](Session::tick), at most `limit`: a plugin's file descriptor or
    /// timer, and every 5 ms a look at what was asked for from other threads.
    pub fn wait(&mut self, limit: Duration) {
        let now = Instant::now();
        let timers = self
            .racks
            .iter()
            .flat_map(LoadedRack::plugins)
            .filter_map(|plugin| plugin.instance.next_timer());
        let timer = timers
            .min()
            .map_or(LOOK, |due| due.saturating_duration_since(now));
        self.sleep(limit.min(LOOK).min(timer));
    }

    #[cfg(unix)]
    fn sleep(&mut self, limit: Duration) {
        use crate::plugin::WatchedFd;
        let mut watched: Vec<(RackId, PluginAddress, libc::pollfd)> = Vec::new();
        for rack in &self.racks {
            for plugin in rack.plugins() {
                watched.extend(plugin.instance.watched_fds().into_iter().map(|watch| {
                    let mut events = 0;
                    if watch.read {
                        events |= libc::POLLIN;
                    }
                    if watch.write {
                        events |= libc::POLLOUT;
                    }
                    (
                        rack.id,
                        plugin.address,
                        libc::pollfd {
                            fd: watch.fd,
                            events,
                            revents: 0,
                        },
                    )
                }));
            }
        }
        if watched.is_empty() {
            std::thread::sleep(limit);
            return;
        }
        let mut fds: Vec<libc::pollfd> = watched.iter().map(|&(_, _, fd)| fd).collect();
        // Rounded up, so that a timer due in half a millisecond does not make this loop spin.
        let millis = i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        let count = libc::nfds_t::try_from(fds.len()).unwrap_or(0);
        // SAFETY: `fds` is an array of `count` initialised structures that lives through the call.
        let ready = unsafe { libc::poll(fds.as_mut_ptr(), count, millis) };
        if ready <= 0 {
            return;
        }
        for ((rack, address, _), fd) in watched.into_iter().zip(fds).filter(|(_, fd)| fd.revents != 0) {
            let ready = WatchedFd {
                fd: fd.fd,
                read: fd.revents & libc::POLLIN != 0,
                write: fd.revents & libc::POLLOUT != 0,
                error: fd.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0,
            };
            let rack = self.racks.iter_mut().find(|loaded| loaded.id == rack);
            let Some(plugin) = rack.and_then(|rack| rack.plugin_mut(address)) else {
                continue;
            };
            // A callback before this one may have taken the descriptor back.
            if plugin
                .instance
                .watched_fds()
                .iter()
                .any(|watch| watch.fd == fd.fd)
            {
                plugin.instance.fd_ready(ready);
            }
        }
    }

    #[cfg(windows)]
    fn sleep(&mut self, limit: Duration) {
        crate::messages::wait(limit);
    }
}

fn name(rack: &LoadedRack, plugin: PluginAddress) -> (Place, String) {
    let name = rack
        .plugin(plugin)
        .map(|plugin| plugin.instance.descriptor().name.clone());
    (rack.place(plugin), name.unwrap_or_default())
}

fn param(id: u32, value: f64) -> Body {
    Body::Param {
        id,
        cookie: 0,
        note: NoteAddress::ALL,
        value,
    }
}
