//! Allocations whose size a caller chose: if memory is short, they return an error.
//!
//! `vec!` and `Vec::resize` end the process when an allocation fails; these functions do not.

use bytemuck::Zeroable;

use crate::error::Error;

/// Allocates zeros; the system provides their memory when they are first written to.
///
/// # Errors
///
/// [`Error::OutOfMemory`]; the same holds for all functions of this module.
pub fn zeros<T: Zeroable>(length: usize) -> Result<Vec<T>, Error> {
    bytemuck::allocation::try_zeroed_vec(length).map_err(|()| Error::OutOfMemory)
}

/// Reserves memory for this many values in all.
pub fn reserve<T>(list: &mut Vec<T>, length: usize) -> Result<(), Error> {
    list.try_reserve(length.saturating_sub(list.len()))
        .map_err(|_| Error::OutOfMemory)
}

/// Extends a list to at least this length.
pub fn grow<T: Clone + Default>(list: &mut Vec<T>, length: usize) -> Result<(), Error> {
    if list.len() < length {
        reserve(list, length)?;
        list.resize(length, T::default());
    }
    Ok(())
}

/// Copies values into a new list.
pub fn to_vec<T: Copy>(values: &[T]) -> Result<Vec<T>, Error> {
    collect(values.iter().copied())
}

/// Collects values whose number is known.
pub fn collect<T>(values: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    reserve(&mut list, values.len())?;
    list.extend(values);
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_can_be_addressed_is_an_error() {
        assert_eq!(zeros::<f64>(usize::MAX), Err(Error::OutOfMemory));
        assert_eq!(zeros::<f64>(1 << 60), Err(Error::OutOfMemory));
        assert_eq!(grow(&mut vec![1.0], 1 << 60), Err(Error::OutOfMemory));
        assert_eq!(
            reserve(&mut vec![0_u8], usize::MAX),
            Err(Error::OutOfMemory)
        );
    }

    #[test]
    fn lists_never_shrink() {
        let mut list = vec![1, 2, 3];
        assert_eq!(grow(&mut list, 2), Ok(()));
        assert_eq!(grow(&mut list, 4), Ok(()));
        assert_eq!(list, [1, 2, 3, 0]);
        assert_eq!(to_vec(&list), Ok(vec![1, 2, 3, 0]));
        assert_eq!(zeros::<u8>(2), Ok(vec![0, 0]));
    }
}
