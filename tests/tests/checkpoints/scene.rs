//! An organization with a checkpoint, and instances that come and go.

use std::time::Duration;

use bytes::Bytes;
use domain::{Client, ClientId};
use list_clients::Settings;
use list_engine::checkpoint::{Header, Key};
use serde_json::json;
use shared::objects::{Expected, ObjectTag, Objects, Part};
use tempfile::TempDir;
use testkit::{Listed, Lister, ManualClock, Org, World};

/// The number of the organization's clients: more than are small.
pub(crate) const CLIENTS: usize = 12;
/// The number of clients of an organization that is small here.
const SMALL: u16 = 4;
/// The bytes of the first read of a checkpoint, which has the header, and of each further one.
pub(crate) const FIRST_BYTES: u64 = 512;
pub(crate) const RANGE_BYTES: u64 = 64;
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An organization in the table and in storage, and the time.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) org: Org,
    pub(crate) clock: ManualClock,
    pub(crate) objects: Objects,
    _folder: TempDir,
}

impl Scene {
    /// An organization of some clients, without a checkpoint.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path().join("objects"));
        let world = World::new().await.with_objects(objects.clone());
        let clock = ManualClock::at(world.start);
        let org = world.with_clock(clock.clock()).org("acme");
        let scene = Self { world, org, clock, objects, _folder: folder };
        for n in 0..CLIENTS {
            scene.create(&format!("client {n:02}")).await;
            scene.clock.advance(Duration::from_millis(1));
        }
        scene.clock.advance(MINUTE);
        scene
    }

    /// The same organization, with a checkpoint that was written a minute ago.
    pub(crate) async fn with_checkpoint() -> Self {
        let scene = Self::new().await;
        assert_eq!(scene.instance().list_and_upkeep(&scene.org).await.replica.state, "loaded");
        assert!(scene.stored().await.is_some());
        scene.clock.advance(MINUTE);
        scene
    }

    pub(crate) async fn create(&self, name: &str) -> Client {
        self.org.create(&json!({ "name": name })).await
    }

    /// The settings of an instance, for which twelve clients are many.
    pub(crate) fn settings(&self) -> Settings {
        let database_clock = Some(self.clock.clock());
        let (checkpoint_pause, storage_pause) = (Duration::ZERO, Duration::ZERO);
        let settings = Settings::new(usize::MAX >> 4);
        let settings = Settings { small: SMALL, first_bytes: FIRST_BYTES, range_bytes: RANGE_BYTES, ..settings };
        Settings { checkpoint_pause, storage_pause, database_clock, ..settings }
    }

    /// A new instance.
    pub(crate) fn instance(&self) -> Lister {
        Lister::new(self.settings())
    }

    /// The first list of a new instance.
    pub(crate) async fn first_list(&self) -> Listed {
        self.instance().list(&self.org).await
    }

    /// Asserts that the first list of a new instance shows what the table has, and was made from the table because
    /// the checkpoint was this. Returns the list.
    pub(crate) async fn is_loaded(&self, checkpoint: &str) -> Listed {
        self.is_loaded_by(&self.instance(), checkpoint).await
    }

    async fn is_loaded_by(&self, instance: &Lister, checkpoint: &str) -> Listed {
        let listed = instance.list(&self.org).await;
        assert_eq!((listed.replica.state, listed.checkpoint()), ("loaded", Some(checkpoint)), "{:?}", listed.replica);
        assert_eq!(self.shown(&listed), self.in_table().await);
        listed
    }

    /// Asserts that an instance refuses the checkpoint, shows what the table has, and replaces the checkpoint.
    pub(crate) async fn is_refused_and_replaced_by(&self, instance: &Lister) {
        self.is_loaded_by(instance, "refused").await;
        instance.upkeep(&self.org).await;
        self.is_restored().await;
    }

    /// Asserts that the first list of a new instance shows what the table has, and was made from the checkpoint.
    /// Returns the list.
    pub(crate) async fn is_restored(&self) -> Listed {
        let listed = self.first_list().await;
        assert_eq!((listed.replica.state, listed.checkpoint()), ("restored", Some("restored")), "{:?}", listed.replica);
        assert_eq!(self.shown(&listed), self.in_table().await);
        listed
    }

    pub(crate) fn shown(&self, listed: &Listed) -> Vec<Client> {
        let mut clients = listed.page.clients.clone();
        clients.sort_by_key(|client| client.id);
        clients
    }

    /// All clients, as the table has them.
    pub(crate) async fn in_table(&self) -> Vec<Client> {
        let mut clients: Vec<_> = self.org.export().await.into_iter().map(|record| record.client).collect();
        clients.sort_by_key(|client| client.id);
        clients
    }

    pub(crate) async fn key(&self) -> Key {
        self.key_of(&self.org).await
    }

    pub(crate) async fn key_of(&self, org: &Org) -> Key {
        let table = self.world.store.clients_table_id().await.unwrap().unwrap();
        Key { table, organization: org.id().sha256() }
    }

    /// The checkpoint in storage.
    pub(crate) async fn stored(&self) -> Option<Part> {
        self.objects.get(&self.key().await.object_key(), 0..1 << 24, None).await.unwrap()
    }

    pub(crate) async fn tag(&self) -> ObjectTag {
        self.stored().await.unwrap().tag
    }

    pub(crate) async fn header(&self) -> Header {
        Header::parse(&self.stored().await.unwrap().bytes, &self.key().await).unwrap()
    }

    /// Replaces the checkpoint in storage.
    pub(crate) async fn store(&self, bytes: Bytes) {
        let key = self.key().await.object_key();
        self.objects.delete(&key).await.unwrap();
        self.objects.put(&key, bytes, &Expected::Absent).await.unwrap().unwrap();
    }

    /// Deletes a client's item, and leaves no tombstone.
    pub(crate) async fn vanishes(&self, id: ClientId) {
        let client = shared::store::sdk_client(self.world.config());
        let request = client.delete_item().table_name(&self.world.tables.clients);
        let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let request = request.key("orgId", text(self.org.id().as_str())).key("id", text(&id.to_string()));
        request.send().await.unwrap();
    }
}
