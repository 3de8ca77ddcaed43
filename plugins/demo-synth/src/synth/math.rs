//! Fast versions of the functions that a voice needs at every sample.
//!
//! They use nothing but additions, multiplications and one division, in a fixed order, so that the same input gives
//! the same bits wherever it is computed. The standard library's functions may differ from system to system.

/// 2 to the power of `x`, with a relative error below 4e-7. `x` is limited to the range of normal numbers.
#[inline]
pub fn exp2(x: f32) -> f32 {
    // Adding 1.5 * 2^23 pushes the fraction out of the mantissa, which rounds `x` to an integer and leaves that
    // integer in the lowest bits, from where it moves to the exponent.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-126.0, 126.0);
    let rounded = x + ROUND;
    let f = x - (rounded - ROUND);
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    // The Taylor series of 2^f, good enough because |f| <= 1/2.
    let series = 1.540_353e-4;
    let series = series * f + 1.333_355_8e-3;
    let series = series * f + 9.618_13e-3;
    let series = series * f + 5.550_411e-2;
    let series = series * f + 0.240_226_5;
    let series = series * f + std::f32::consts::LN_2;
    (series * f + 1.0) * power
}

/// The tangent of `turns` half turns, for 0 to 0.47: what a bilinear filter makes of a frequency given as a fraction
/// of the sample rate. The relative error stays below 2e-4.
#[inline]
pub fn prewarp(turns: f32) -> f32 {
    // A Padé approximant: the tangent's pole at a quarter turn is one of a fraction, never of a polynomial.
    let y = turns * std::f32::consts::PI;
    let y2 = y * y;
    y * (945.0 - y2 * (105.0 - y2)) / (945.0 - y2 * (420.0 - 15.0 * y2))
}

/// The sine of `turns` whole turns, for 0 to 1, with an error below 1e-6.
#[inline]
pub fn sine(turns: f32) -> f32 {
    // Folded to a quarter turn either side of zero, where the series converges fast.
    let centred = turns - 0.5;
    let folded = if centred > 0.25 {
        0.5 - centred
    } else if centred < -0.25 {
        -0.5 - centred
    } else {
        centred
    };
    let x = folded * std::f32::consts::TAU;
    let x2 = x * x;
    let series = -2.505_210_8e-8;
    let series = series * x2 + 2.755_731_9e-6;
    let series = series * x2 - 1.984_127e-4;
    let series = series * x2 + 8.333_333e-3;
    let series = series * x2 - 0.166_666_67;
    -(series * x2 + 1.0) * x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0..=10_000u16).map(move |i| from + (to - from) * f32::from(i) / 10_000.0)
    }

    #[test]
    fn exp2_agrees_with_the_standard_library() {
        for x in steps(-20.0, 20.0) {
            let exact = f64::from(x).exp2();
            assert!((f64::from(exp2(x)) / exact - 1.0).abs() < 4e-7, "at {x}");
        }
        assert_eq!(exp2(0.0), 1.0);
        assert_eq!(exp2(3.0), 8.0);
        assert!(exp2(1e9).is_finite() && exp2(-1e9) > 0.0);
    }

    #[test]
    fn prewarp_agrees_with_the_tangent() {
        for x in steps(0.001, 0.47) {
            let exact = (f64::from(x) * std::f64::consts::PI).tan();
            assert!((f64::from(prewarp(x)) / exact - 1.0).abs() < 2e-4, "at {x}");
        }
    }

    #[test]
    fn sine_agrees_with_the_standard_library() {
        for x in steps(0.0, 1.0) {
            let exact = (f64::from(x) * std::f64::consts::TAU).sin();
            assert!((f64::from(sine(x)) - exact).abs() < 1e-6, "at {x}");
        }
    }
}
