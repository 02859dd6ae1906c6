//! A warm instance of `list-clients`, without the pipeline around it.

use domain::limits::LIST_TIMEOUT;
use list_clients::{
    ListError, Settings,
    replicas::{Page, Replicas},
};
use list_engine::ListParams;
use shared::{
    http::AfterAnswer,
    telemetry::{ReplicaUse, Tally},
};
use tokio::time::Instant;

use crate::Org;

/// An instance with replicas of its own. It answers authorized requests.
#[derive(Clone)]
pub struct Lister(pub Replicas);

/// A list, and what it took.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The page.
    pub page: Page,
    /// The use of the replica.
    pub replica: ReplicaUse,
    /// The calls, units and bytes.
    pub tally: Tally,
}

impl Listed {
    /// The names of the clients on the page, in its order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.page.clients.iter().map(|client| client.name.as_str()).collect()
    }

    /// The outcome of the look for a checkpoint, if there was one.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&'static str> {
        self.replica.checkpoint.as_ref().map(|checkpoint| checkpoint.outcome)
    }
}

impl Lister {
    /// A new instance.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Replicas::with(settings))
    }

    /// Lists an organization, and does nothing after the answer.
    ///
    /// # Errors
    /// Fails if the list does.
    pub async fn try_list(&self, org: &Org, params: &ListParams) -> Result<Listed, ListError> {
        let tally = Tally::default();
        let page = self.0.page(&org.app.counting_in(&tally), org.id(), params, &after_answer()).await?;
        Ok(Listed { page, replica: tally.replica().expect("a list uses a replica"), tally })
    }

    /// Lists the first 100 clients of an organization, and does nothing after the answer.
    ///
    /// # Panics
    /// Panics if the list fails.
    pub async fn list(&self, org: &Org) -> Listed {
        let params = ListParams { limit: 100, ..ListParams::default() };
        self.try_list(org, &params).await.expect("the table answers")
    }

    /// Does the work that waits for the time after an answer.
    pub async fn upkeep(&self, org: &Org) {
        self.0.clone().upkeep(org.app.clone(), org.id().clone(), after_answer().until()).await;
    }

    /// Lists the first 100 clients of an organization, and does the work after the answer.
    ///
    /// # Panics
    /// Panics if the list fails.
    pub async fn list_and_upkeep(&self, org: &Org) -> Listed {
        let listed = self.list(org).await;
        self.upkeep(org).await;
        listed
    }
}

/// The time after the answer of an authorized request that begins now.
#[must_use]
pub fn after_answer() -> AfterAnswer {
    let after_answer = AfterAnswer::new(Instant::now() + LIST_TIMEOUT);
    after_answer.authorize();
    after_answer
}
