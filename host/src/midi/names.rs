//! Which ports are meant by a wish.

use super::system::Port;

/// The name of this program among the clients of the system's MIDI.
pub(crate) const CLIENT: &str = "Backline";

/// Ports that loop back what programs send. They are taken only by name.
const THROUGH: &str = "Midi Through";

/// Splits the numbers off an ALSA port name: "Keystation 61:Keystation 61 MIDI 1 20:0" is the port "Keystation
/// 61:Keystation 61 MIDI 1" with the numbers "20:0", which change from one start of the system to the next.
fn split_numbers(name: &str) -> (&str, bool) {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once(' ') {
        Some((stem, numbers))
            if numbers
                .split_once(':')
                .is_some_and(|(client, port)| is_number(client) && is_number(port)) =>
        {
            (stem.trim_end(), true)
        }
        _ => (name, false),
    }
}

/// Whether a port belongs to this program or loops back what programs send.
pub(crate) fn is_reserved(name: &str) -> bool {
    let client = name.split(':').next().unwrap_or(name);
    client.eq_ignore_ascii_case(CLIENT) || client.eq_ignore_ascii_case(THROUGH)
}

/// How well a name fits a wish; less is better.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    /// The very name.
    Exact,
    /// The name with other numbers, or in other case.
    Renumbered,
    /// The wish is part of the name.
    Part,
}

fn fits(wish: &str, name: &str, fit: Fit) -> bool {
    if fit == Fit::Exact {
        return wish == name;
    }
    let (wish, name) = (
        split_numbers(wish).0.to_lowercase(),
        split_numbers(name).0.to_lowercase(),
    );
    if fit == Fit::Renumbered {
        return wish == name;
    }
    let named = !is_reserved(&name) || wish.contains("through") || wish.contains(&CLIENT.to_lowercase());
    !wish.is_empty() && named && name.contains(&wish)
}

/// A port that a wish already has.
pub(crate) struct Taken<'a> {
    pub(crate) id: &'a str,
    pub(crate) wish: Option<usize>,
}

/// How many ports one wish takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All that fit equally well, unless the wish has numbers, which mean one certain port.
    All,
    /// The first that fits.
    One,
}

/// What is to be opened, and which wishes are left without a port.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Indices of ports, with the wish that they are for.
    pub(crate) open: Vec<(usize, usize)>,
    /// Indices of wishes that no port fits.
    pub(crate) missing: Vec<usize>,
}

/// Finds the ports that wishes mean. Better fits are given out first; nothing that is taken is given out again.
pub(crate) fn choose(wishes: &[String], ports: &[Port], taken: &[Taken<'_>], reach: Reach) -> Choice {
    let mut free: Vec<bool> = ports
        .iter()
        .map(|port| !taken.iter().any(|taken| taken.id == port.id))
        .collect();
    let mut done = vec![false; wishes.len()];
    let mut choice = Choice::default();
    for fit in [Fit::Exact, Fit::Renumbered, Fit::Part] {
        for (number, wish) in wishes.iter().enumerate() {
            if done[number] {
                continue;
            }
            let one = reach == Reach::One || split_numbers(wish).1;
            if one && taken.iter().any(|taken| taken.wish == Some(number)) {
                done[number] = true;
                continue;
            }
            for (index, port) in ports.iter().enumerate() {
                if !fits(wish, &port.name, fit) {
                    continue;
                }
                if free[index] {
                    free[index] = false;
                    choice.open.push((index, number));
                    done[number] = true;
                    if one {
                        break;
                    }
                } else if !one {
                    // Another connection serves it already.
                    done[number] = true;
                }
            }
        }
    }
    choice.missing = (0..wishes.len()).filter(|&number| !done[number]).collect();
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(names: &[&str]) -> Vec<Port> {
        names
            .iter()
            .enumerate()
            .map(|(id, name)| Port {
                id: id.to_string(),
                name: (*name).to_owned(),
            })
            .collect()
    }

    fn chosen(wishes: &[&str], names: &[&str], reach: Reach) -> (Vec<(usize, usize)>, Vec<usize>) {
        let wishes: Vec<String> = wishes.iter().map(|wish| (*wish).to_owned()).collect();
        let choice = choose(&wishes, &ports(names), &[], reach);
        (choice.open, choice.missing)
    }

    const KEYS: &str = "Keystation 61:Keystation 61 MIDI 1 20:0";
    const KEYS_MOVED: &str = "Keystation 61:Keystation 61 MIDI 1 28:0";
    const PADS: &str = "LPD8:LPD8 MIDI 1 24:0";
    const THROUGH_PORT: &str = "Midi Through:Midi Through Port-0 14:0";
    const OURS: &str = "Backline:output 130:0";

    #[test]
    fn an_exact_name_beats_a_part() {
        assert_eq!(
            chosen(&["Piano"], &["Piano 2", "Piano"], Reach::All),
            (vec![(1, 0)], vec![])
        );
    }

    #[test]
    fn numbers_may_change() {
        assert_eq!(
            chosen(&[KEYS], &[PADS, KEYS_MOVED], Reach::All),
            (vec![(1, 0)], vec![])
        );
    }

    #[test]
    fn two_devices_of_one_make_keep_apart() {
        let wishes = [KEYS, KEYS_MOVED];
        assert_eq!(
            chosen(&wishes, &[KEYS_MOVED, KEYS], Reach::All).0,
            [(1, 0), (0, 1)]
        );
        // Renumbered from 20 and 28 to 28 and 32: the one still called so stays, the other gets what is left.
        let other = "Keystation 61:Keystation 61 MIDI 1 32:0";
        assert_eq!(
            chosen(&wishes, &[KEYS_MOVED, other], Reach::All).0,
            [(0, 1), (1, 0)]
        );
    }

    #[test]
    fn a_part_takes_every_port_of_a_device_or_one() {
        let names = ["A300:A300 MIDI 1 20:0", "A300:A300 MIDI 2 20:1"];
        assert_eq!(chosen(&["a300"], &names, Reach::All).0, [(0, 0), (1, 0)]);
        assert_eq!(chosen(&["a300"], &names, Reach::One).0, [(0, 0)]);
    }

    #[test]
    fn loops_are_taken_only_by_name() {
        assert_eq!(
            chosen(&["midi"], &[THROUGH_PORT, OURS, PADS], Reach::All).0,
            [(2, 0)]
        );
        assert_eq!(
            chosen(&["through"], &[THROUGH_PORT, PADS], Reach::All).0,
            [(0, 0)]
        );
        assert!(is_reserved(THROUGH_PORT) && is_reserved(OURS) && !is_reserved(PADS));
    }

    #[test]
    fn a_wish_without_a_port_is_missing_and_an_empty_one_takes_nothing() {
        assert_eq!(chosen(&["Organ", ""], &[PADS], Reach::All), (vec![], vec![0, 1]));
    }

    #[test]
    fn a_numbered_wish_that_has_a_port_takes_no_second() {
        let wishes = [KEYS.to_owned()];
        let taken = [Taken {
            id: "0",
            wish: Some(0),
        }];
        let choice = choose(&wishes, &ports(&[KEYS_MOVED, KEYS]), &taken, Reach::All);
        assert_eq!(choice, Choice::default());
    }
}
