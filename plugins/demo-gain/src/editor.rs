//! The editor: two sliders, a switch and a meter, made of what egui and nice-plug-egui bring.

use std::sync::Arc;

use demo_window::SizedEditor;
use egui::{Align2, Button, Color32, FontId, Grid, Rect, RichText, Sense, Ui, pos2, vec2};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::{Param, ParamSetter};
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::resizable_window::ResizableWindow;
use nice_plug_egui::widgets::ParamSlider;
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::meter::{BOTTOM_DB, CHANNELS, Meter, Needle};
use crate::params::GainParams;

/// The size of a new window in logical points.
pub const DEFAULT_SIZE: (f32, f32) = (360.0, 190.0);
const MIN_SIZE: (f32, f32) = (280.0, 180.0);
/// The top of the meter's range, in dB.
const TOP_DB: f32 = 6.0;

const BACKGROUND: Color32 = Color32::from_rgb(22, 23, 27);
const DIM: Color32 = Color32::from_rgb(150, 156, 168);
const QUIET: Color32 = Color32::from_rgb(94, 190, 130);
const LOUD: Color32 = Color32::from_rgb(240, 190, 75);
const OVER: Color32 = Color32::from_rgb(230, 85, 75);

/// Opens windows that show an [`App`].
pub type GainEditor = SizedEditor<Box<dyn Fn() -> App + Send + Sync>>;

/// The editor of `params` and `meter`, with no window yet.
pub fn editor(params: Arc<GainParams>, meter: Arc<Meter>) -> GainEditor {
    SizedEditor::new(
        "Demo Gain",
        params.window.clone(),
        MIN_SIZE,
        Box::new(move || App {
            params: params.clone(),
            meter: meter.clone(),
            needles: [Needle::default(); CHANNELS],
            context: None,
        }),
    )
}

/// What one window shows.
pub struct App {
    params: Arc<GainParams>,
    meter: Arc<Meter>,
    needles: [Needle; CHANNELS],
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
        egui.set_visuals(egui::Visuals {
            panel_fill: BACKGROUND,
            ..egui::Visuals::dark()
        });
        frame.set_clear_color(BACKGROUND.into());
        // What was played while no window was open is not news.
        (0..CHANNELS).for_each(|channel| _ = self.meter.take(channel));
        self.context = Some(context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        let Some(context) = self.context.clone() else {
            return;
        };
        ResizableWindow::new("demo-gain")
            .min_size(MIN_SIZE.into())
            .show(ui, |ui| {
                egui::Frame::new()
                    .fill(BACKGROUND)
                    .inner_margin(16.0)
                    .show(ui, |ui| {
                        self.controls(ui, &context.param_setter());
                        ui.add_space(12.0);
                        self.meters(ui);
                    });
            });
        // The meter moves without anybody touching anything.
        ui.ctx().request_repaint();
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

impl App {
    fn controls(&self, ui: &mut Ui, setter: &ParamSetter<'_>) {
        let GainParams {
            window: _,
            gain,
            pan,
            bypass,
        } = &*self.params;
        ui.horizontal(|ui| {
            ui.label(RichText::new("Demo Gain").size(16.0).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let on = bypass.value();
                let text = RichText::new(bypass.name()).color(if on { Color32::BLACK } else { DIM });
                let button = if on {
                    Button::new(text).fill(LOUD)
                } else {
                    Button::new(text)
                };
                if ui.add(button).clicked() {
                    setter.begin_set_parameter(bypass);
                    setter.set_parameter(bypass, !on);
                    setter.end_set_parameter(bypass);
                }
            });
        });
        ui.add_space(10.0);
        // The sliders take what their names and values leave.
        let width = (ui.available_width() - 124.0).max(80.0);
        Grid::new("controls")
            .num_columns(2)
            .spacing([12.0, 8.0])
            .show(ui, |ui| {
                for param in [gain, pan] {
                    ui.label(RichText::new(param.name()).color(DIM));
                    ui.add(ParamSlider::for_param(param, setter).with_width(width));
                    ui.end_row();
                }
            });
    }

    fn meters(&mut self, ui: &mut Ui) {
        let seconds = ui.input(|input| input.stable_dt);
        let count = self.meter.channels().max(1);
        for (channel, needle) in self.needles.iter_mut().enumerate().take(count) {
            needle.update(self.meter.take(channel), seconds);
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
            draw_needle(ui, rect, needle);
        }
        let highest = self
            .needles
            .iter()
            .take(count)
            .map(Needle::peak)
            .fold(BOTTOM_DB, f32::max);
        let text = if highest <= BOTTOM_DB {
            "-inf dBFS".to_owned()
        } else {
            format!("{highest:.1} dBFS")
        };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
        ui.painter().text(
            rect.right_center(),
            Align2::RIGHT_CENTER,
            text,
            FontId::proportional(11.0),
            DIM,
        );
    }
}

fn draw_needle(ui: &Ui, rect: Rect, needle: &Needle) {
    let at = |decibels: f32| {
        rect.left() + rect.width() * ((decibels - BOTTOM_DB) / (TOP_DB - BOTTOM_DB)).clamp(0.0, 1.0)
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, Color32::from_rgb(44, 47, 55));
    for (from, to, colour) in [(BOTTOM_DB, -12.0, QUIET), (-12.0, 0.0, LOUD), (0.0, TOP_DB, OVER)] {
        let end = needle.bar().min(to);
        if end > from {
            let part = Rect::from_min_max(pos2(at(from), rect.top()), pos2(at(end), rect.bottom()));
            painter.rect_filled(part, 0.0, colour);
        }
    }
    if needle.peak() > BOTTOM_DB {
        let colour = if needle.peak() > 0.0 { OVER } else { Color32::WHITE };
        painter.vline(at(needle.peak()), rect.y_range(), (1.5, colour));
    }
}
