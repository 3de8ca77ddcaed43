//! A dial with its name above and its value below.
//!
//! Drag up and down to turn, with Shift for fine steps; the wheel turns too; a double click resets; a click on the
//! value lets you type.

use egui::{
    CursorIcon, Id, Key, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, TextEdit, Ui, pos2, vec2,
};
use nice_plug::prelude::{Param, ParamSetter};

use super::theme;

/// The travel of the mouse for the whole range, in points.
const TRAVEL: f32 = 180.0;
/// The travel of the wheel for the whole range, in points.
const WHEEL_TRAVEL: f32 = 1_000.0;
/// The points that one notch of the wheel counts for.
const NOTCH: f32 = 40.0;
/// The angle at either end of the dial, from straight up, in radians.
const END: f32 = 2.4;

/// Shows `param` in `rect`. `unit` is the size of a point at the present zoom.
pub fn knob(ui: &mut Ui, rect: Rect, unit: f32, param: &impl Param, setter: &ParamSetter<'_>) {
    let id = ui.scope_id().with(("knob", param.name()));
    let centre = pos2(rect.center().x, rect.top() + 44.0 * unit);
    let dial = Rect::from_center_size(centre, vec2(46.0, 46.0) * unit);
    let response = ui
        .interact(dial, id, Sense::click_and_drag())
        .on_hover_cursor(CursorIcon::ResizeVertical);
    turn(ui, &response, param, setter);

    theme::label(
        ui.painter(),
        pos2(centre.x, rect.top() + 8.0 * unit),
        param.name(),
        11.0 * unit,
        theme::DIM,
    );
    let lit = response.hovered() || response.dragged();
    paint(
        ui.painter(),
        centre,
        unit,
        param.modulated_normalized_value(),
        origin(param),
        lit,
    );

    let value = Rect::from_center_size(
        pos2(centre.x, rect.top() + 78.0 * unit),
        vec2(rect.width(), 16.0 * unit),
    );
    value_text(ui, value, id.with("value"), unit, param, setter);
}

/// Where the lit part of the dial begins: at zero where the range has one inside, else at its start.
fn origin<P: Param>(param: &P) -> f32 {
    param
        .string_to_normalized_value("0")
        .filter(|zero| (0.2..0.8).contains(zero))
        .unwrap_or(0.0)
}

fn turn(ui: &Ui, response: &Response, param: &impl Param, setter: &ParamSetter<'_>) {
    // The turn so far is kept apart from the parameter: a stepped one would swallow every movement under a step.
    let id = response.id;
    let fine = if ui.input(|input| input.modifiers.shift) {
        0.1
    } else {
        1.0
    };
    if response.drag_started() {
        setter.begin_set_parameter(param);
        ui.data_mut(|data| data.insert_temp(id, param.unmodulated_normalized_value()));
    }
    if response.dragged() {
        let from: f32 = ui
            .data(|data| data.get_temp(id))
            .unwrap_or_else(|| param.unmodulated_normalized_value());
        let to = (from - response.drag_delta().y / TRAVEL * fine).clamp(0.0, 1.0);
        ui.data_mut(|data| data.insert_temp(id, to));
        setter.set_parameter_normalized(param, to);
    }
    if response.drag_stopped() {
        setter.end_set_parameter(param);
    }
    if response.double_clicked() {
        set(param, setter, param.default_normalized_value());
    }
    let wheel = ui.input(|input| input.smooth_scroll_delta.y);
    if response.hovered() && wheel != 0.0 {
        let by = match param.step_count() {
            None => wheel / WHEEL_TRAVEL * fine,
            Some(steps) => {
                // A notch comes spread over several frames: a step is taken when they have added up to one.
                let turned = wheel + ui.data(|data| data.get_temp(id.with("wheel")).unwrap_or(0.0));
                let whole = (turned / NOTCH).trunc();
                ui.data_mut(|data| data.insert_temp(id.with("wheel"), turned - whole * NOTCH));
                whole / steps as f32
            }
        };
        if by != 0.0 {
            set(
                param,
                setter,
                (param.unmodulated_normalized_value() + by).clamp(0.0, 1.0),
            );
        }
    }
}

/// Sets the value in one go. The host is told when a gesture begins and ends, for its automation and its undo.
fn set(param: &impl Param, setter: &ParamSetter<'_>, normalized: f32) {
    setter.begin_set_parameter(param);
    setter.set_parameter_normalized(param, normalized);
    setter.end_set_parameter(param);
}

fn paint(painter: &Painter, centre: Pos2, unit: f32, value: f32, origin: f32, lit: bool) {
    let angle = |normalized: f32| (normalized * 2.0 - 1.0) * END;
    let at = |normalized: f32, radius: f32| {
        let (sin, cos) = angle(normalized).sin_cos();
        centre + vec2(sin, -cos) * radius * unit
    };
    let arc = |from: f32, to: f32| {
        (0..=32u8)
            .map(|i| at(from + (to - from) * f32::from(i) / 32.0, 20.0))
            .collect()
    };
    painter.circle_filled(
        centre,
        14.0 * unit,
        if lit { theme::EDGE } else { theme::BACKGROUND },
    );
    painter.add(Shape::line(arc(0.0, 1.0), Stroke::new(3.0 * unit, theme::EDGE)));
    painter.add(Shape::line(
        arc(origin, value),
        Stroke::new(3.0 * unit, theme::ACCENT),
    ));
    painter.line_segment(
        [at(value, 6.0), at(value, 13.0)],
        Stroke::new(2.0 * unit, theme::BRIGHT),
    );
}

fn value_text(ui: &mut Ui, rect: Rect, id: Id, unit: f32, param: &impl Param, setter: &ParamSetter<'_>) {
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let Some(mut typed) = typed else {
        let shown = param.normalized_value_to_string(param.modulated_normalized_value(), true);
        let response = ui
            .interact(rect, id, Sense::click())
            .on_hover_cursor(CursorIcon::Text);
        let colour = if response.hovered() {
            theme::ACCENT
        } else {
            theme::BRIGHT
        };
        theme::label(ui.painter(), rect.center(), &shown, 11.0 * unit, colour);
        if response.clicked() {
            ui.data_mut(|data| data.insert_temp(id, shown));
            ui.memory_mut(|memory| memory.request_focus(id.with("edit")));
        }
        return;
    };
    let edit = TextEdit::singleline(&mut typed)
        .id(id.with("edit"))
        .font(egui::FontId::proportional(11.0 * unit))
        .align(egui::Align2::CENTER_CENTER)
        .margin(vec2(2.0, 1.0));
    let response = ui.put(rect, edit);
    if response.lost_focus() {
        let cancelled = ui.input(|input| input.key_pressed(Key::Escape));
        if let Some(normalized) = param.string_to_normalized_value(&typed).filter(|_| !cancelled) {
            set(param, setter, normalized);
        }
        ui.data_mut(|data| data.remove_temp::<String>(id));
    } else {
        ui.data_mut(|data| data.insert_temp(id, typed));
    }
}
