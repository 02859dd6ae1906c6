//! Putting a client at an identifier of the caller's: it is created, or replaced if it is there.

use domain::{Action, Client, ClientId, ClientPatch, NewClient};

use super::{
    attributes::{self, LISTED},
    item, token,
    write::{Attempted, PUT_ITEM, ROUNDS, Write, WriteId, creation_trail},
};
use crate::store::{
    ExpectedVersions, Store, StoreError, WriteContext, WriteError,
    call::Conditional,
    item::{Item, n, parsed},
};

/// The outcome of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The client was created.
    Created(Client),
    /// The client was there, and has these fields now.
    Replaced(Client),
}

impl PutOutcome {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        let (Self::Created(client) | Self::Replaced(client)) = self;
        client
    }
}

impl Store {
    /// Creates a client at this identifier, or replaces all fields of the client that is there, as far as the expected
    /// versions allow it. A client that is created after a deletion continues the versions of the deleted one, and has
    /// nothing else of it.
    ///
    /// # Errors
    /// Fails if the expected versions do not allow what is there, if the identifier is the reserved one, or if the
    /// table fails.
    pub async fn put(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: &NewClient,
        expected: &ExpectedVersions,
    ) -> Result<PutOutcome, WriteError> {
        // The item with this identifier is not a client.
        if id == ClientId::RESERVED {
            return Err(WriteError::NotFound);
        }
        self.tally.begin_write(Action::Put, id, String::new());
        let outcome = self.try_put(context, id, new, expected).await;
        self.settle(outcome.as_ref().map(|put| Some(put.client().version)).map_err(WriteError::may_have_taken_effect));
        outcome
    }

    async fn try_put(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: &NewClient,
        expected: &ExpectedVersions,
    ) -> Result<PutOutcome, WriteError> {
        let write_id = WriteId::random();
        // Mostly there is a client, unless there must be none. The first attempt shows what there is.
        let mut gone = expected.are_none().then(Item::new);
        for _ in 0..ROUNDS {
            let attempted = match &gone {
                None => {
                    let patch = ClientPatch::from(new.clone());
                    let write = Write::patching(&patch, &write_id, expected);
                    let write = Write { action: Action::Put, fields: String::new(), ..write };
                    self.write(context, id, write, expected).await?
                }
                Some(tombstone) => self.create_after(context, id, new, tombstone, &write_id).await?,
            };
            let found = match attempted {
                Attempted::Done(item) => {
                    let outcome = if gone.is_some() { PutOutcome::Created } else { PutOutcome::Replaced };
                    return Ok(outcome(item::client(item)?));
                }
                Attempted::OtherVersion => return Err(WriteError::UnexpectedVersion),
                Attempted::OtherState(found) => found,
            };
            let lives = found.contains_key(LISTED);
            let is_expected = if lives { expected.allow(item::version(&found)?) } else { expected.may_be_absent };
            if !is_expected {
                return Err(WriteError::UnexpectedVersion);
            }
            gone = (!lives).then_some(found);
        }
        Err(StoreError::contended(PUT_ITEM).into())
    }

    /// Creates a client in the place of its tombstone, which is empty if there is none.
    async fn create_after(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: &NewClient,
        tombstone: &Item,
        write_id: &WriteId,
    ) -> Result<Attempted, WriteError> {
        let mut client = new.clone().created(id, context.at);
        let mut revivals = 0;
        if !tombstone.is_empty() {
            let at = context.at.max(parsed(tombstone, attributes::UPDATED_AT)?);
            client = Client { version: item::version(tombstone)?.saturating_add(1), ..new.clone().created(id, at) };
            revivals = item::revivals(tombstone)? + 1;
        }
        let mut item = item::of(&context.caller.org, &client);
        item.extend(creation_trail(context, Action::Put, write_id));
        if revivals > 0 {
            item.insert(attributes::REVIVALS.to_owned(), n(revivals));
        }
        // Requests that are repeated still find what they did.
        let create = tombstone.get_key_value(attributes::REQUEST_HASH);
        item.extend(create.map(|(name, hash)| (name.clone(), hash.clone())));
        item.extend(token::kept(tombstone));
        if let Some(token) = &context.token {
            token.leave_in(&mut item, context.at);
        }
        let (found, repeated) = match self.put_item(item.clone(), tombstone).await? {
            Conditional::Done(_) => return Ok(Attempted::Done(item)),
            Conditional::Failed { item, repeated } => (item, repeated),
        };
        if write_id.is_of(&found) {
            return Ok(Attempted::Done(found));
        }
        if !found.is_empty() {
            // A malformed item is not replaced.
            item::is_tombstone(&found)?;
            if let Some(token) = &context.token {
                token.check(&found, repeated)?;
                return Ok(Attempted::OtherState(found));
            }
        }
        // The client may have been created, and changed since: our `writeId` is gone, and nobody can tell.
        if repeated && (found.is_empty() || item::version(&found)? > client.version) {
            return Err(StoreError::outcome_unknown(PUT_ITEM).into());
        }
        Ok(Attempted::OtherState(found))
    }
}
