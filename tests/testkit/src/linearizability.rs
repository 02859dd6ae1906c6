//! A checker of concurrent operations on one object. A history is linearizable if the operations could
//! have happened one at a time, each between its start and its end. The algorithm is Wing and Gong's, with
//! Lowe's cache of the states that were tried already.

use std::{collections::HashSet, hash::Hash, time::Instant};

/// The sequential behaviour of an object.
pub trait Model {
    /// The object's state.
    type State: Clone + Eq + Hash;
    /// An operation and its answer.
    type Operation;

    /// The state after `operation`; `None` if the operation cannot give its answer in `state`. An operation
    /// that was never answered may have done all that it was asked to.
    fn step(state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;
}

/// An operation, and the time that it took. One that was never answered may take effect at any time after
/// its start, or never.
#[derive(Clone, Debug)]
pub struct Timed<O> {
    /// The operation.
    pub operation: O,
    /// The time of the request.
    pub start: Instant,
    /// The time of the answer; `None` if there was none.
    pub end: Option<Instant>,
}

/// Whether some order of the operations explains all of their answers.
///
/// # Panics
/// Panics if there are more than 128 operations: the search is exponential.
#[must_use]
pub fn is_linearizable<M: Model>(initial: M::State, history: &[Timed<M::Operation>]) -> bool {
    assert!(history.len() <= 128, "too long a history");
    let answered =
        history.iter().enumerate().filter(|(_, timed)| timed.end.is_some()).fold(0, |set, (at, _)| set | bit(at));
    let mut tried = HashSet::new();
    let mut open = vec![(0, initial)];
    while let Some((done, state)) = open.pop() {
        if done & answered == answered {
            return true;
        }
        let first_end =
            history.iter().enumerate().filter(|(at, _)| done & bit(*at) == 0).filter_map(|(_, timed)| timed.end).min();
        for (at, timed) in history.iter().enumerate() {
            // An operation that ended before this one started comes first.
            if done & bit(at) != 0 || first_end.is_some_and(|end| end < timed.start) {
                continue;
            }
            if let Some(next) = M::step(&state, &timed.operation) {
                let node = (done | bit(at), next);
                if tried.insert(node.clone()) {
                    open.push(node);
                }
            }
        }
    }
    false
}

fn bit(at: usize) -> u128 {
    1 << at
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Register;

    enum Operation {
        Write(u8),
        Read(u8),
    }

    impl Model for Register {
        type State = u8;
        type Operation = Operation;

        fn step(state: &u8, operation: &Operation) -> Option<u8> {
            match operation {
                Operation::Write(value) => Some(*value),
                Operation::Read(value) => (value == state).then_some(*state),
            }
        }
    }

    fn check(history: Vec<(Operation, u64, Option<u64>)>) -> bool {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let timed = |(operation, start, end): (Operation, u64, Option<u64>)| Timed {
            operation,
            start: at(start),
            end: end.map(at),
        };
        is_linearizable::<Register>(0, &history.into_iter().map(timed).collect::<Vec<_>>())
    }

    use Operation::{Read, Write};

    #[test]
    fn lawful_histories_pass() {
        assert!(check(vec![(Write(1), 0, Some(10)), (Read(1), 20, Some(30))]));
        assert!(check(vec![(Write(1), 0, Some(30)), (Read(0), 5, Some(10)), (Read(1), 15, Some(20))]));
        assert!(check(vec![(Write(1), 0, None), (Read(0), 5, Some(10)), (Read(1), 90, Some(99))]));
        assert!(check(vec![(Write(1), 0, None), (Read(0), 90, Some(99))]));
    }

    #[test]
    fn planted_violations_are_caught() {
        // A stale read, a lost write, a read from the future, and an effect that comes and goes.
        assert!(!check(vec![(Write(1), 0, Some(10)), (Read(0), 20, Some(30))]));
        assert!(!check(vec![(Write(1), 0, Some(10)), (Write(2), 20, Some(30)), (Read(1), 40, Some(50))]));
        assert!(!check(vec![(Read(1), 0, Some(10)), (Write(1), 20, Some(30))]));
        assert!(!check(vec![(Write(1), 0, Some(50)), (Read(1), 5, Some(10)), (Read(0), 15, Some(20))]));
        assert!(!check(vec![
            (Write(1), 0, None),
            (Read(1), 10, Some(11)),
            (Write(2), 20, Some(21)),
            (Read(2), 30, Some(31)),
            (Read(1), 40, Some(41)),
        ]));
    }
}
