//! The choice of a waveform, as four buttons that show it.

use egui::{CursorIcon, Rect, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use nice_plug::prelude::{EnumParam, Param, ParamSetter};

use super::theme;
use crate::params::WaveformChoice;

/// One cycle of the waveforms made of straight lines, as points in a square from (0, -1), its top, to (1, 1).
const CHOICES: [(WaveformChoice, &[(f32, f32)]); 3] = [
    (
        WaveformChoice::Saw,
        &[(0.0, 1.0), (0.5, -1.0), (0.5, 1.0), (1.0, -1.0)],
    ),
    (
        WaveformChoice::Pulse,
        &[
            (0.0, 1.0),
            (0.0, -1.0),
            (0.5, -1.0),
            (0.5, 1.0),
            (1.0, 1.0),
            (1.0, -1.0),
        ],
    ),
    (
        WaveformChoice::Triangle,
        &[(0.0, 1.0), (0.25, -1.0), (0.75, 1.0), (1.0, 0.0)],
    ),
];

/// Shows the choice in `rect`. `unit` is the size of a point at the present zoom.
pub fn waveforms(
    ui: &mut Ui,
    rect: Rect,
    unit: f32,
    param: &EnumParam<WaveformChoice>,
    setter: &ParamSetter<'_>,
) {
    theme::label(
        ui.painter(),
        pos2(rect.center().x, rect.top() + 8.0 * unit),
        param.name(),
        11.0 * unit,
        theme::DIM,
    );
    let sine: Vec<(f32, f32)> = (0..=24u8)
        .map(|i| f32::from(i) / 24.0)
        .map(|x| (x, -(x * std::f32::consts::TAU).sin()))
        .collect();
    let choices = CHOICES
        .into_iter()
        .chain([(WaveformChoice::Sine, sine.as_slice())]);
    for ((choice, cycle), cell) in choices.zip([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]) {
        let size = vec2(30.0, 28.0) * unit;
        let corner = pos2(rect.center().x - 32.0 * unit, rect.top() + 22.0 * unit);
        let button = Rect::from_min_size(
            corner + vec2(cell.0, cell.1) * (size + vec2(4.0, 4.0) * unit),
            size,
        );
        let id = ui.scope_id().with(("waveform", cell.0 > 0.5, cell.1 > 0.5));
        let response = ui
            .interact(button, id, Sense::click())
            .on_hover_cursor(CursorIcon::PointingHand);
        if response.clicked() {
            setter.begin_set_parameter(param);
            setter.set_parameter(param, choice);
            setter.end_set_parameter(param);
        }

        let chosen = param.value() == choice;
        let fill = if response.hovered() {
            theme::EDGE
        } else {
            theme::BACKGROUND
        };
        let line = if chosen { theme::ACCENT } else { theme::DIM };
        let edge = Stroke::new(unit, if chosen { theme::ACCENT } else { theme::EDGE });
        ui.painter()
            .rect(button, theme::radius(3.0 * unit), fill, edge, StrokeKind::Inside);
        let inner = button.shrink2(vec2(6.0, 8.0) * unit);
        let points = cycle
            .iter()
            .map(|(x, y)| {
                pos2(
                    inner.left() + x * inner.width(),
                    inner.center().y + y * inner.height() * 0.5,
                )
            })
            .collect();
        ui.painter()
            .add(Shape::line(points, Stroke::new(1.5 * unit, line)));
    }
}
