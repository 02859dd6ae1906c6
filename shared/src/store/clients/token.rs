//! Tokens: a change with a token is made once, however often it is repeated and whatever others write in between. The
//! token stays in the client's item, and later in its tombstone, for at least a day.
//!
//! A random `writeId` is enough for a repetition within one call: nothing else needs it. But it is gone with the next
//! write.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, hex, limits::DAY};

use super::{
    attributes::APPLIED,
    expression::{Path, UpdateExpression},
    item,
};
use crate::store::{StoreError, WriteError, WriteToken, item::Item};

const SECONDS_OF_A_DAY: i64 = DAY.cast_signed();

/// What an item says about a change with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    Applied,
    NotFound,
    UnexpectedVersion,
}

impl Settled {
    const ALL: [Self; 3] = [Self::Applied, Self::NotFound, Self::UnexpectedVersion];

    /// The text in the item that says so.
    fn text(self, token: &WriteToken) -> String {
        // Within one client's item, 64 bits are more than enough to tell a few thousand writes apart.
        let text = hex(&token.digest[..8]);
        match self {
            Self::Applied => text,
            Self::NotFound => text + "-absent",
            Self::UnexpectedVersion => text + "-version",
        }
    }
}

impl WriteToken {
    /// Notes the reason why this change was refused. If a later change takes effect, it leaves the note in the item
    /// (`after`): otherwise a repetition could make this change after that one.
    pub fn note_refusal(&self, error: &WriteError, after: &mut Vec<String>) {
        match error {
            WriteError::NotFound => after.push(Settled::NotFound.text(self)),
            WriteError::UnexpectedVersion => after.push(Settled::UnexpectedVersion.text(self)),
            WriteError::TookEffect { .. } | WriteError::Store(_) => {}
        }
    }

    /// Lets an update leave the token, under the condition that the item does not settle the change already. What was
    /// left the day before yesterday is removed.
    pub(super) fn leave(&self, update: &mut UpdateExpression, at: Timestamp) {
        let (today, outdated) = sets(at);
        update.add(today, self.texts());
        update.remove(Path::Item(outdated));
        update.exclude_members(&APPLIED, &Settled::ALL.map(|settled| settled.text(self)));
    }

    /// Leaves the token in a new item, which has what its tombstone had.
    pub(super) fn leave_in(&self, item: &mut Item, at: Timestamp) {
        let (today, outdated) = sets(at);
        let mut texts = self.texts();
        if let Some(AttributeValue::Ss(mut earlier)) = item.remove(today) {
            // A refusal that an earlier change of the same request has left already. A set has no member twice.
            earlier.retain(|text| !texts.contains(text));
            texts.append(&mut earlier);
        }
        item.insert(today.to_owned(), AttributeValue::Ss(texts));
        item.remove(outdated);
    }

    fn texts(&self) -> Vec<String> {
        self.refused_before.iter().cloned().chain([Settled::Applied.text(self)]).collect()
    }

    /// Fails with the outcome of the change if the item has it. `repeated` tells whether an attempt of the same request
    /// may have been the one that took effect.
    pub(super) fn check(&self, item: &Item, repeated: bool) -> Result<(), WriteError> {
        let texts: Vec<&String> = APPLIED.iter().filter_map(|set| item.get(*set)?.as_ss().ok()).flatten().collect();
        let settled = Settled::ALL.into_iter().find(|settled| texts.contains(&&settled.text(self)));
        match settled {
            None => Ok(()),
            Some(Settled::Applied) => {
                let client = living(item)?.map(Box::new);
                Err(WriteError::TookEffect { client, before: !repeated })
            }
            Some(Settled::NotFound) => Err(WriteError::NotFound),
            Some(Settled::UnexpectedVersion) => Err(WriteError::UnexpectedVersion),
        }
    }
}

/// Lets an update without a token remove what was left the day before yesterday, so that an item does not keep it for good.
pub(super) fn forget(update: &mut UpdateExpression, at: Timestamp) {
    update.remove(Path::Item(sets(at).1));
}

/// The set for what is left at this time, and the one whose content is outdated by then.
fn sets(at: Timestamp) -> (&'static str, &'static str) {
    let day = usize::try_from(at.seconds().div_euclid(SECONDS_OF_A_DAY).rem_euclid(3)).unwrap_or_default();
    (APPLIED[day], APPLIED[(day + 1) % 3])
}

/// What an item says about changes with tokens.
pub(super) fn kept(item: &Item) -> Item {
    let sets = APPLIED.iter().filter_map(|set| item.get_key_value(*set));
    sets.map(|(set, texts)| (set.clone(), texts.clone())).collect()
}

/// The client in an item, unless it is a tombstone.
fn living(item: &Item) -> Result<Option<domain::Client>, StoreError> {
    if item::is_tombstone(item)? { Ok(None) } else { item::client(item.clone()).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(seed: u8) -> WriteToken {
        WriteToken { digest: [seed; 32], refused_before: Vec::new() }
    }

    #[test]
    fn a_token_lives_for_more_than_a_day_and_less_than_three() {
        let day = |day: i64| sets(Timestamp::from_millis(day * SECONDS_OF_A_DAY * 1000));
        for first in 20_000..20_003 {
            let removed_on = (first..first + 4).find(|later| day(*later).1 == day(first).0);
            assert_eq!(removed_on, Some(first + 2), "the second day after, whatever the time of either");
        }
    }

    #[test]
    fn a_new_item_keeps_what_its_tombstone_says() {
        let at = Timestamp::from_millis(20_000 * SECONDS_OF_A_DAY * 1000);
        let (today, outdated) = sets(at);
        let set = |text: &str| AttributeValue::Ss(vec![text.to_owned()]);
        let tombstone = Item::from(APPLIED.map(|name| (name.to_owned(), set(name))));
        let mut item = kept(&tombstone);
        token(1).leave_in(&mut item, at);
        assert_eq!(item[today].as_ss().unwrap(), &[Settled::Applied.text(&token(1)), today.to_owned()]);
        assert_eq!((item.len(), item.contains_key(outdated)), (2, false));
    }

    #[test]
    fn a_refusal_that_the_tombstone_names_already_is_named_once() {
        let at = Timestamp::from_millis(20_000 * SECONDS_OF_A_DAY * 1000);
        let refusal = Settled::UnexpectedVersion.text(&token(2));
        let mut item = Item::from([(sets(at).0.to_owned(), AttributeValue::Ss(vec![refusal.clone()]))]);
        WriteToken { refused_before: vec![refusal.clone()], ..token(1) }.leave_in(&mut item, at);
        assert_eq!(item[sets(at).0].as_ss().unwrap(), &[refusal, Settled::Applied.text(&token(1))]);
    }

    #[test]
    fn an_item_settles_its_own_tokens_alone() {
        let mut item =
            Item::from([(APPLIED[1].to_owned(), AttributeValue::Ss(vec![Settled::NotFound.text(&token(1))]))]);
        item.insert(APPLIED[2].to_owned(), AttributeValue::Ss(vec![Settled::UnexpectedVersion.text(&token(2))]));
        assert!(matches!(token(1).check(&item, false), Err(WriteError::NotFound)));
        assert!(matches!(token(2).check(&item, false), Err(WriteError::UnexpectedVersion)));
        assert!(token(3).check(&item, false).is_ok());
    }
}
