//! VST3 plugins that learn which controller moves a parameter of theirs. CLAP plugins see controllers themselves.

use tests::Format::Vst3;
use tests::{Fixture, Stage, layer, plugin_as, rack};

fn level(stage: &Stage) -> f32 {
    *stage.played[0].last().unwrap()
}

/// Both generations of the interfaces: the older ones name controllers one by one, the newer ones in a list.
#[test]
fn a_controller_that_was_learnt_moves_its_parameter() {
    for name in ["midi-learn", "midi-mapping2"] {
        let fixture = Fixture::open_as(Vst3);
        let mut stage = Stage::new(&rack(vec![layer(vec![plugin_as(Vst3, name)])]), 64);
        stage.play(640);
        assert_eq!(level(&stage), 0.0, "{name}");
        // The first is for learning alone; what came before is not played again.
        stage.step(&[(5, &[0xb0, 40, 127])]);
        stage.play(6_400);
        assert_eq!(level(&stage), 0.0, "{name}");
        stage.step(&[(5, &[0xb0, 40, 127])]);
        assert_eq!(
            stage.played[0][stage.position() - 64..][..7],
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
        );
        assert!(fixture.counter("midi_learn.calls") > 0, "{name}");
        let learnt = fixture.counter("midi_learn.calls");
        // Neither is a controller to either interface, although both go by numbers beside those of controllers.
        stage.step(&[(0, &[0xc0, 3, 0]), (1, &[0xa0, 60, 9])]);
        stage.play(640);
        assert_eq!(fixture.counter("midi_learn.calls"), learnt, "{name}");
        drop(stage);
        fixture.assert_gone();
    }
}
