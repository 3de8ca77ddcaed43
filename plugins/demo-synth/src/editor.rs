//! The editor: every parameter at a glance, at any size.

mod knob;
mod theme;
mod waveforms;

use std::sync::Arc;

use demo_window::SizedEditor;
use egui::{Rect, Ui, UiBuilder, Vec2, pos2, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::{Param, ParamSetter};
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::resizable_window::ResizableWindow;
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::params::{EnvelopeParams, SynthParams};
use knob::knob;

/// The size of a new window in logical points. All drawing is done at this size and zoomed to the true one.
pub const DEFAULT_SIZE: (f32, f32) = (820.0, 276.0);
const MIN_SIZE: (f32, f32) = (492.0, 166.0);

/// The room for one control.
const CELL: Vec2 = vec2(78.0, 92.0);
/// The room between and around groups.
const GAP: f32 = 10.0;
/// The height of a group's title.
const TITLE: f32 = 22.0;
/// The height of the plugin's name.
const HEADER: f32 = 28.0;

/// Opens windows that show an [`App`].
pub type SynthEditor = SizedEditor<Box<dyn Fn() -> App + Send + Sync>>;

/// The editor of `params`, with no window yet.
pub fn editor(params: Arc<SynthParams>) -> SynthEditor {
    SizedEditor::new(
        "Demo Synth",
        params.window.clone(),
        MIN_SIZE,
        Box::new(move || App {
            params: params.clone(),
            context: None,
        }),
    )
}

/// What one window shows.
pub struct App {
    params: Arc<SynthParams>,
    /// The way to the host, for as long as the window is open.
    context: Option<GuiContext>,
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        egui.set_visuals(egui::Visuals::dark());
        frame.set_clear_color(theme::BACKGROUND.into());
        self.context = Some(context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        let Some(context) = self.context.clone() else {
            return;
        };
        let params = &self.params;
        ResizableWindow::new("demo-synth")
            .min_size(MIN_SIZE.into())
            .show(ui, |ui| {
                let area = ui.max_rect();
                ui.painter().rect_filled(area, 0.0, theme::BACKGROUND);
                let unit = (area.width() / DEFAULT_SIZE.0).min(area.height() / DEFAULT_SIZE.1);
                let origin = area.center() - Vec2::from(DEFAULT_SIZE) * unit / 2.0;
                let mut page = Page {
                    ui,
                    setter: context.param_setter(),
                    origin: origin.to_vec2(),
                    unit,
                };
                page.draw(params);
            });
    }

    fn resized(&mut self, size: WindowSize) {
        let logical: LogicalSize<f32> = LogicalSize::new(size.logical.width, size.logical.height).cast();
        #[expect(clippy::cast_possible_truncation, reason = "a factor between 1 and 4")]
        self.params
            .window
            .resized(logical.width, logical.height, size.scale_factor as f32);
    }

    fn editor_closed(&mut self) {
        self.context = None;
    }
}

/// The page being drawn: positions are those of [`DEFAULT_SIZE`].
struct Page<'a> {
    ui: &'a mut Ui,
    setter: ParamSetter<'a>,
    origin: Vec2,
    unit: f32,
}

impl Page<'_> {
    fn draw(&mut self, params: &SynthParams) {
        let SynthParams {
            window: _,
            oscillators,
            filter,
            filter_envelope,
            amp_envelope,
            player,
        } = params;
        let title = self.rect(GAP, 0.0, vec2(DEFAULT_SIZE.0 - 2.0 * GAP, HEADER));
        theme::label(
            self.ui.painter(),
            title.center(),
            "Demo Synth",
            14.0 * self.unit,
            theme::BRIGHT,
        );

        let wide = 4.0 * CELL.x;
        let high = TITLE + CELL.y;
        let (left, middle, right) = (GAP, 2.0 * GAP + wide, 3.0 * GAP + 2.0 * wide);
        let (top, bottom) = (HEADER, HEADER + high + GAP);

        self.group(left, top, vec2(wide, high), "Oscillators");
        let waveform = self.cell(left, top, 0.0);
        waveforms::waveforms(self.ui, waveform, self.unit, &oscillators.waveform, &self.setter);
        self.knob(left, top, 1.0, &oscillators.pulse_width);
        self.knob(left, top, 2.0, &oscillators.detune);
        self.knob(left, top, 3.0, &oscillators.spread);

        self.group(middle, top, vec2(wide, high), "Filter");
        self.knob(middle, top, 0.0, &filter.cutoff);
        self.knob(middle, top, 1.0, &filter.resonance);
        self.knob(middle, top, 2.0, &filter.envelope);
        self.knob(middle, top, 3.0, &filter.key_tracking);

        self.envelope(middle, bottom, "Filter envelope", filter_envelope);
        self.envelope(left, bottom, "Amplifier envelope", amp_envelope);

        self.group(right, top, vec2(2.0 * CELL.x, high), "Player");
        self.knob(right, top, 0.0, &player.velocity);
        self.knob(right, top, 1.0, &player.bend_range);
        self.group(right, bottom, vec2(2.0 * CELL.x, high), "Output");
        self.knob(right, bottom, 0.5, &player.gain);
    }

    fn envelope(&mut self, x: f32, y: f32, title: &str, envelope: &EnvelopeParams) {
        let EnvelopeParams {
            attack,
            decay,
            sustain,
            release,
        } = envelope;
        self.group(x, y, vec2(4.0 * CELL.x, TITLE + CELL.y), title);
        for (column, param) in [0.0, 1.0, 2.0, 3.0]
            .into_iter()
            .zip([attack, decay, sustain, release])
        {
            self.knob(x, y, column, param);
        }
    }

    fn group(&mut self, x: f32, y: f32, size: Vec2, title: &str) {
        let rect = self.rect(x, y, size);
        theme::group(self.ui.painter(), rect, title, self.unit);
    }

    fn knob(&mut self, x: f32, y: f32, column: f32, param: &impl Param) {
        let rect = self.cell(x, y, column);
        let ui = &mut self.ui.new_child(UiBuilder::new().max_rect(rect));
        knob(ui, rect, self.unit, param, &self.setter);
    }

    fn cell(&self, x: f32, y: f32, column: f32) -> Rect {
        self.rect(x + column * CELL.x, y + TITLE, CELL)
    }

    fn rect(&self, x: f32, y: f32, size: Vec2) -> Rect {
        Rect::from_min_size(pos2(x, y) * self.unit + self.origin, size * self.unit)
    }
}
