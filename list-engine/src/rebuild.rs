//! Builds the postings of an index in steps, while the index is listed and changed.
//!
//! The clients are collected in the order of their slots. If a client changes after that, its former record is
//! kept; at the end, the pairs of the former records are replaced by those of the present ones.

use hashbrown::HashMap;

use crate::{
    grams,
    postings::{Builder, Compressor, Postings},
    records::{Record, Records},
};

/// The clients that are collected in one step. Tiny in tests, so that there are many steps.
const STEP: u32 = if cfg!(test) { 7 } else { 8 * 1024 };
/// The clients that are corrected in one step. To correct one takes much longer than to collect it.
const CORRECTIONS: usize = if cfg!(test) { 3 } else { 256 };

/// Postings that are being built.
pub(crate) struct Rebuild {
    stage: Stage,
    /// The records whose pairs the postings have or will have, of slots with another record now.
    former: HashMap<u32, Box<[u8]>>,
}

enum Stage {
    /// The slots below `next` are collected.
    Collecting {
        pairs: Builder,
        next: u32,
    },
    Compressing(Compressor),
    Correcting(Postings),
}

impl Default for Rebuild {
    fn default() -> Self {
        Self { stage: Stage::Collecting { pairs: Builder::default(), next: 0 }, former: HashMap::new() }
    }
}

impl Rebuild {
    /// Continues with the pairs of the slots below `next`.
    pub(crate) fn collected(pairs: Builder, next: u32) -> Self {
        Self { stage: Stage::Collecting { pairs, next }, former: HashMap::new() }
    }

    /// Notes that the record in a slot is about to change. `packed` is the present one, or no bytes.
    pub(crate) fn note(&mut self, slot: u32, packed: &[u8]) {
        let is_collected = match &self.stage {
            Stage::Collecting { next, .. } => slot < *next,
            Stage::Compressing(_) | Stage::Correcting(_) => true,
        };
        if is_collected {
            self.former.entry(slot).or_insert_with(|| packed.into());
        }
    }

    /// Does a bounded amount of work. Returns the postings if they are complete.
    pub(crate) fn step(&mut self, records: &Records, slots: u32) -> Option<Postings> {
        match &mut self.stage {
            Stage::Collecting { pairs, next } => {
                let end = slots.min(next.saturating_add(STEP));
                for slot in *next..end {
                    grams_in(records.packed(slot)).into_iter().for_each(|gram| pairs.push(gram, slot));
                }
                *next = end;
                if end == slots {
                    self.stage = Stage::Compressing(std::mem::take(pairs).compress());
                }
                None
            }
            Stage::Compressing(compressor) => {
                if let Some(postings) = compressor.step() {
                    self.stage = Stage::Correcting(postings);
                }
                None
            }
            Stage::Correcting(postings) => {
                let slots: Vec<u32> = self.former.keys().copied().take(CORRECTIONS).collect();
                for slot in slots {
                    let former = self.former.remove(&slot).unwrap_or_default();
                    postings.replace(slot, &grams_in(&former), &grams_in(records.packed(slot)));
                }
                self.former.is_empty().then(|| std::mem::take(postings))
            }
        }
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let stage = match &self.stage {
            Stage::Collecting { pairs, .. } => pairs.bytes(),
            Stage::Compressing(compressor) => compressor.bytes(),
            Stage::Correcting(postings) => postings.bytes(),
        };
        let former: usize = self.former.values().map(|packed| packed.len()).sum();
        stage + former + self.former.capacity() * size_of::<(u32, Box<[u8]>)>()
    }
}

/// The grams of a packed record. No bytes have none.
fn grams_in(packed: &[u8]) -> Vec<grams::Gram> {
    if packed.is_empty() { vec![] } else { grams::of_client(&Record::parse(packed)) }
}
