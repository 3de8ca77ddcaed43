//! (rising)
