//! Which of a device's channels are left and right.

/// Two channels of a device, as indices from 0; one of them twice is mono.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Where left goes to or comes from.
    pub left: usize,
    /// Where right goes to or comes from.
    pub right: usize,
}

impl Pair {
    /// Whether both sides are one channel, which then carries their mean.
    pub(super) const fn is_mono(self) -> bool {
        self.left == self.right
    }

    /// Number of channels that a device needs to have both.
    pub(super) const fn needs(self) -> usize {
        if self.left > self.right {
            self.left + 1
        } else {
            self.right + 1
        }
    }

    /// The first two channels, or the only one, of `available`.
    pub(super) const fn first(available: usize) -> Self {
        Self {
            left: 0,
            right: if available > 1 { 1 } else { 0 },
        }
    }
}

/// What was asked for that cannot be, and what can.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CannotPick {
    pub what: String,
    pub possible: String,
}

/// Picks the pair that a wish names, counting from 1. Empty means the first two; one number means mono.
///
/// `kind` is "output" or "input", for the sentence.
pub(super) fn pick(wished: &[u16], available: usize, kind: &str) -> Result<Pair, CannotPick> {
    let index = |number: u16| {
        let index = usize::from(number).checked_sub(1)?;
        (index < available).then_some(index)
    };
    let pair = match *wished {
        [] if available > 0 => Some(Pair::first(available)),
        [both] => index(both).map(|both| Pair {
            left: both,
            right: both,
        }),
        [left, right] => index(left)
            .zip(index(right))
            .map(|(left, right)| Pair { left, right }),
        _ => None,
    };
    pair.ok_or_else(|| CannotPick {
        what: match wished {
            [] => format!("with any {kind} channel"),
            [one] => format!("with {kind} channel {one}"),
            many => format!("with {kind} channels {}", words(many)),
        },
        possible: match available {
            0 => format!("it has no {kind} channels"),
            1 => format!("it has one {kind} channel, number 1"),
            _ => format!("name one or two of its {kind} channels, 1 to {available}"),
        },
    })
}

fn words(numbers: &[u16]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_counts_from_one() {
        let pair = |left, right| Ok(Pair { left, right });
        assert_eq!(pick(&[], 2, "output"), pair(0, 1));
        assert_eq!(pick(&[], 1, "output"), pair(0, 0));
        assert_eq!(pick(&[3, 4], 8, "output"), pair(2, 3));
        assert_eq!(pick(&[2, 1], 2, "output"), pair(1, 0));
        assert_eq!(pick(&[5], 8, "output"), pair(4, 4));
        assert_eq!(pick(&[3, 4], 8, "output").map(Pair::needs), Ok(4));
    }

    #[test]
    fn what_cannot_be_says_what_can() {
        let refused = pick(&[1, 9], 2, "output").unwrap_err();
        assert_eq!(refused.what, "with output channels 1, 9");
        assert_eq!(refused.possible, "name one or two of its output channels, 1 to 2");
        assert!(pick(&[0], 2, "output").is_err());
        assert!(pick(&[1, 2, 3], 8, "output").is_err());
        assert_eq!(
            pick(&[], 0, "input").unwrap_err().possible,
            "it has no input channels"
        );
    }
}
