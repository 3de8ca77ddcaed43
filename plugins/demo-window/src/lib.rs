//! The window that the demonstration plugins share: an egui editor of any size that remembers the one it had.

mod memory;

pub use memory::WindowMemory;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{
    Editor, HostMethods, ParentWindowHandle, ResizeHint, SizeConstraints, SpawnedEditor,
};
use nice_plug_egui::{
    EguiEditorHandle, EguiEditorState, EguiNiceSettings, NiceEguiApp, RepaintNotifier, create_egui_editor,
};
use std::error::Error;
use std::fmt;

/// An editor that opens at the size saved with the plugin's state.
///
/// nice-plug-egui brings an editor of its own, but its size is fixed when the plugin is made, before any state is
/// loaded. This one makes a fresh egui editor for each window, around a fresh app.
pub struct SizedEditor<F> {
    title: &'static str,
    memory: WindowMemory,
    min_size: (f32, f32),
    app: F,
}

impl<F> SizedEditor<F> {
    /// An editor without a window yet. `min_size` is in logical points; `app` makes what each window shows.
    pub const fn new(title: &'static str, memory: WindowMemory, min_size: (f32, f32), app: F) -> Self {
        Self {
            title,
            memory,
            min_size,
            app,
        }
    }
}

impl<F> fmt::Debug for SizedEditor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SizedEditor")
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

impl<A, F> Editor for SizedEditor<F>
where
    A: NiceEguiApp + Send + 'static,
    F: Fn() -> A + Send + Sync,
{
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let state = EguiEditorState::from_size(self.memory.logical(), 1.0);
        let settings = EguiNiceSettings::new()
            .with_tile(self.title)
            .with_resize_hint(self.resize_hint());
        create_egui_editor(state, RepaintNotifier::new(), settings, (self.app)())
            .ok_or_else(|| format!("{} could not make its editor", self.title))?
            .spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, host)
    }

    fn size(&self) -> NativeSize<u32> {
        self.memory.native()
    }

    fn resize_hint(&self) -> ResizeHint {
        let min = LogicalSize::new(self.min_size.0, self.min_size.1);
        ResizeHint {
            size_constraints: SizeConstraints::min_logical_size(min),
            ..ResizeHint::RESIZABLE
        }
    }
}
