//! A tree of sums, to draw indices in proportion to their values.
//!
//! A search goes down from the root ("sum tree" of Schaul et al., "Prioritized experience replay",
//! ICLR 2016). Each node has eight children instead of two, so a level takes one cache line, and
//! the tree has a third of the levels.

use crate::error::Error;
use crate::memory;

/// Children of a node: this many doubles fill a cache line.
const CHILDREN: usize = 8;

/// The values, and levels of sums of eight, up to one group of eight.
#[derive(Debug)]
pub(crate) struct SumTree {
    /// The values first; each level is padded with zeros to full groups.
    levels: Vec<Vec<f64>>,
}

impl SumTree {
    pub(crate) fn new(values: usize) -> Result<Self, Error> {
        let mut levels = Vec::new();
        let mut groups = values.div_ceil(CHILDREN).max(1);
        loop {
            levels.push(memory::zeros(groups * CHILDREN)?);
            if groups == 1 {
                return Ok(Self { levels });
            }
            groups = groups.div_ceil(CHILDREN);
        }
    }

    pub(crate) fn leaves(&self) -> &[f64] {
        &self.levels[0]
    }

    /// Changes a value, but not the sums that contain it; call `refresh` before the next search.
    pub(crate) fn set(&mut self, index: usize, value: f64) {
        self.levels[0][index] = value;
    }

    /// Recomputes the sums that contain the values at some indices, level by level, so that the loads
    /// of several indices overlap. A sum depends on the values only, not on the order of changes.
    pub(crate) fn refresh(&mut self, indices: impl Iterator<Item = usize> + Clone) {
        let mut size = CHILDREN;
        for level in 1..self.levels.len() {
            let (lower, upper) = self.levels.split_at_mut(level);
            let (lower, upper) = (lower[level - 1].as_chunks().0, &mut upper[0]);
            let mut before = usize::MAX;
            for index in indices.clone() {
                let group = index / size;
                if group != before {
                    upper[group] = sum(&lower[group]);
                    before = group;
                }
            }
            size *= CHILDREN;
        }
    }

    pub(crate) fn total(&self) -> f64 {
        self.levels
            .last()
            .map_or(0.0, |level| sum(&level.as_chunks().0[0]))
    }

    /// Finds the indices at which the running sum of the values first exceeds targets; never that of
    /// a zero, if any value is positive. All targets go down the tree together, as in `refresh`.
    pub(crate) fn find(&self, targets: &mut [f64], indices: &mut [i64]) {
        indices.fill(0);
        for level in self.levels.iter().rev() {
            let groups = level.as_chunks::<CHILDREN>().0;
            for (index, target) in indices.iter_mut().zip(&mut *targets) {
                let values = &groups[*index as usize];
                let (child, before) = choose(values, *target);
                *target -= before;
                *index = *index * CHILDREN as i64 + child as i64;
            }
        }
    }
}

/// The child in which a target falls, and what the children before it add up to.
#[inline(always)]
fn choose(values: &[f64; CHILDREN], target: f64) -> (usize, f64) {
    let mut running = [0.0; CHILDREN + 1];
    for child in 0..CHILDREN {
        running[child + 1] = running[child] + values[child];
    }
    // Count and do not search: the jump of a search could not be predicted.
    let mut passed = 0;
    for sum in &running[1..] {
        passed += usize::from(*sum <= target);
    }
    if passed < CHILDREN {
        return (passed, running[passed]);
    }
    // A sum by pairs and a running sum round differently, so the target may be past all children.
    // Then it belongs to the last child that is not zero.
    let last = values.iter().rposition(|&value| value > 0.0).unwrap_or(0);
    (last, running[CHILDREN] - values[last])
}

/// Adds by pairs, so that additions do not wait for one another.
fn sum([a, b, c, d, e, f, g, h]: &[f64; CHILDREN]) -> f64 {
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(size: usize, values: &[(usize, f64)]) -> SumTree {
        let mut tree = SumTree::new(size).unwrap();
        for &(index, value) in values {
            tree.set(index, value);
        }
        tree.refresh(values.iter().map(|&(index, _)| index));
        tree
    }

    fn find(tree: &SumTree, target: f64) -> i64 {
        let mut index = [0];
        tree.find(&mut [target], &mut index);
        index[0]
    }

    #[test]
    fn each_value_is_found_over_its_share() {
        let values: Vec<_> = (0..33).map(|at| (3 * at + 1, 1.0)).collect();
        let tree = tree(100, &values);
        assert_eq!(tree.total(), 33.0);
        for at in 0..330 {
            assert_eq!(
                find(&tree, f64::from(at) / 10.0),
                i64::from(at / 10 * 3 + 1)
            );
        }
    }

    #[test]
    fn a_target_past_the_end_finds_the_last_positive_value() {
        let tree = tree(1000, &[(17, 0.1), (300, 0.2)]);
        assert_eq!(find(&tree, 1.0), 300);
        assert_eq!(find(&tree, tree.total()), 300);
        assert_eq!(find(&tree, 0.0), 17);
    }
}
