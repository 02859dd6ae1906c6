//! Creating a client, once for each request.

use domain::{Action, Client, ClientId, NewClient};

use super::{
    attributes, item,
    write::{WriteId, creation_trail},
};
use crate::store::{
    Store, StoreError, WriteContext,
    call::Conditional,
    item::{Item, s, text},
};

/// The outcome of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The client was created.
    Created(Client),
    /// The same request created this client before. It is given as it was then.
    Replayed(Client),
    /// Another request used the identifier before.
    Conflict,
}

impl Store {
    /// Creates a client. If `request_hash` is given and a client with this identifier was created with
    /// the same hash before, the create is the replay of that request.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn create(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<CreateOutcome, StoreError> {
        self.tally.begin_write(Action::Create, id, String::new());
        let outcome = self.try_create(context, id, new, request_hash).await;
        self.settle(match &outcome {
            Ok(CreateOutcome::Created(client)) => Ok(Some(client.version)),
            Ok(CreateOutcome::Replayed(_) | CreateOutcome::Conflict) => Ok(None),
            Err(error) => Err(error.may_have_taken_effect()),
        });
        outcome
    }

    async fn try_create(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<CreateOutcome, StoreError> {
        let write_id = WriteId::random();
        let created = new.created(id, context.at);
        let mut item = item::of(&context.caller.org, &created);
        item.extend(creation_trail(context, Action::Create, &write_id));
        if let Some(hash) = request_hash {
            item.insert(attributes::REQUEST_HASH.to_owned(), s(hash));
        }
        let (existing, repeated) = match self.put_item(item, &Item::new()).await? {
            Conditional::Done(_) => return Ok(CreateOutcome::Created(created)),
            Conditional::Failed { item, repeated } => (item, repeated),
        };
        // Without a hash the identifier is random: an item that a repeated attempt finds is the first
        // attempt's, even if its `writeId` is gone because the client was changed since.
        if write_id.is_of(&existing) || (repeated && request_hash.is_none()) {
            return Ok(CreateOutcome::Created(created));
        }
        // Equal hashes mean equal bodies, so the client as it was created then is known from this body,
        // whatever became of it since.
        if request_hash.is_some() && text(&existing, attributes::REQUEST_HASH) == request_hash {
            let at = item::created_at(&existing)?;
            return Ok(CreateOutcome::Replayed(Client { created_at: at, updated_at: at, ..created }));
        }
        Ok(CreateOutcome::Conflict)
    }
}
