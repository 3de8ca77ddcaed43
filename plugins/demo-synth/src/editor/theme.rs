//! Colours and the drawing that everything shares.

use egui::{Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, vec2};

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(22, 23, 27);
/// Behind a group of controls.
pub const GROUP: Color32 = Color32::from_rgb(31, 33, 39);
/// The edge of a group, the part of a dial that is not lit, a button that is not pressed.
pub const EDGE: Color32 = Color32::from_rgb(56, 60, 70);
/// Names.
pub const DIM: Color32 = Color32::from_rgb(150, 156, 168);
/// Values and titles.
pub const BRIGHT: Color32 = Color32::from_rgb(226, 229, 235);
/// What is set or chosen.
pub const ACCENT: Color32 = Color32::from_rgb(240, 160, 75);

/// Draws `text` with its middle at `at`.
pub fn label(painter: &Painter, at: Pos2, text: impl ToString, size: f32, colour: Color32) {
    painter.text(
        at,
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(size),
        colour,
    );
}

/// Draws a group with its title. `unit` is the size of a point at the present zoom.
pub fn group(painter: &Painter, rect: Rect, title: &str, unit: f32) {
    painter.rect(
        rect,
        radius(5.0 * unit),
        GROUP,
        Stroke::new(unit, EDGE),
        StrokeKind::Inside,
    );
    let at = rect.left_top() + vec2(10.0, 12.0) * unit;
    painter.text(
        at,
        Align2::LEFT_CENTER,
        title,
        FontId::proportional(11.0 * unit),
        DIM,
    );
}

/// The rounding of corners.
pub fn radius(points: f32) -> CornerRadius {
    CornerRadius::from(points)
}
