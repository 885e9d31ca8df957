//! Random numbers without a state: each is a function of a key and of a counter.
//!
//! The generators are Philox4x64-10 and Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel
//! random numbers: as easy as 1, 2, 3" (SC 2011). NumPy's generator of that name gives the same
//! words as the former.

use std::f64::consts::TAU;

const MULTIPLIERS: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
/// Added to the key in each round.
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];
const ROUNDS: usize = 10;

/// Four random words.
#[inline]
pub fn philox(mut key: [u64; 2], mut counter: [u64; 4]) -> [u64; 4] {
    // Each round is a bijection: two products of 128 bits, whose halves change places.
    for _ in 0..ROUNDS {
        let [low, high] = [counter[0], counter[2]];
        let low = u128::from(low) * u128::from(MULTIPLIERS[0]);
        let high = u128::from(high) * u128::from(MULTIPLIERS[1]);
        counter = [
            (high >> 64) as u64 ^ counter[1] ^ key[0],
            high as u64,
            (low >> 64) as u64 ^ counter[3] ^ key[1],
            low as u64,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Counters that [`philox32`] goes through together.
pub const LANES: usize = 64;

const MULTIPLIERS_32: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL_32: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Four random words of 32 bits for each of [`LANES`] counters: the given one, and those whose
/// first word is larger by one, two and so on.
#[inline(always)]
pub fn philox32(key: u64, counter: [u32; 4]) -> [[u32; LANES]; 4] {
    const LOW: u64 = 0xFFFF_FFFF;
    let mut words = [[0; LANES]; 4];
    for lane in 0..LANES {
        // In words of 64 bits, whose upper halves do not count: so they are multiplied in vectors.
        let first = counter[0].wrapping_add(lane as u32);
        let mut state = [first, counter[1], counter[2], counter[3]].map(u64::from);
        let mut key = [key as u32, (key >> 32) as u32];
        for _ in 0..ROUNDS {
            let low = (state[0] & LOW) * MULTIPLIERS_32[0];
            let high = (state[2] & LOW) * MULTIPLIERS_32[1];
            state = [
                high >> 32 ^ state[1] ^ u64::from(key[0]),
                high,
                low >> 32 ^ state[3] ^ u64::from(key[1]),
                low,
            ];
            key = [
                key[0].wrapping_add(WEYL_32[0]),
                key[1].wrapping_add(WEYL_32[1]),
            ];
        }
        for (words, state) in words.iter_mut().zip(state) {
            words[lane] = state as u32;
        }
    }
    words
}

/// A number from the standard normal distribution (Box and Muller).
#[inline]
pub fn normal(key: [u64; 2], counter: [u64; 4]) -> f64 {
    let [radius, angle, _, _] = philox(key, counter);
    (-2.0 * open_unit(radius).ln()).sqrt() * (TAU * open_unit(angle)).cos()
}

/// A number from zero on and below one.
#[inline]
pub(crate) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

/// A number between zero and one, neither of them.
#[inline]
fn open_unit(word: u64) -> f64 {
    ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_random123_and_numpy() {
        let words = [
            0x1655_4D9E_CA36_314C,
            0xDB20_FE9D_672D_0FDC,
            0xD7E7_72CE_E186_176B,
            0x7E68_B68A_EC7B_A23B,
        ];
        assert_eq!(philox([0; 2], [0; 4]), words);
        let words = [
            0xE780_FCA7_803D_0007,
            0x193B_C692_0AF9_DFA8,
            0xB88E_C092_8360_2BBC,
            0x2F71_E357_8A98_65D0,
        ];
        assert_eq!(philox([5, 6], [0, 3, 3, 4]), words);
    }

    #[test]
    fn the_words_of_32_bits_are_those_of_random123() {
        // Its known answers.
        let first = |key, counter| philox32(key, counter).map(|words| words[0]);
        let answer = [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8];
        assert_eq!(first(0, [0; 4]), answer);
        let answer = [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD];
        assert_eq!(first(u64::MAX, [u32::MAX; 4]), answer);
        let pi = [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344];
        let answer = [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1];
        assert_eq!(first(0x299F_31D0_A409_3822, pi), answer);
        let third = philox32(9, [u32::MAX - 1, 5, 6, 0]).map(|words| words[3]);
        assert_eq!(third, first(9, [1, 5, 6, 0]));
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let numbers: Vec<f64> = (0..100_000)
            .map(|at| normal([7, 0], [at, 0, 0, 0]))
            .collect();
        let mean = |power| numbers.iter().map(|z: &f64| z.powi(power)).sum::<f64>() / 1e5;
        assert!(mean(1).abs() < 0.015);
        assert!((mean(2) - 1.0).abs() < 0.02);
        assert!(mean(3).abs() < 0.06);
        assert!((mean(4) - 3.0).abs() < 0.15);
    }
}
