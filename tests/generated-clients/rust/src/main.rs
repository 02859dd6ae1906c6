//! The story of ../../README.md, told with the client of openapi-generator.

use std::env::var;

use openapi::{
    apis::{
        Error,
        clients_api::{
            CreateClientError, GetClientError, batch_clients, create_client, delete_client, get_client, list_changes,
            list_clients, put_client, restore_client, update_client,
        },
        configuration::Configuration,
    },
    models::{Batch, BatchOperation, ClientCreate, ClientStatus, ClientUpdate, batch_operation::Operation},
};

#[tokio::main]
async fn main() {
    let api = Configuration {
        base_path: var("BASE_URL").unwrap(),
        bearer_access_token: Some(var("API_KEY").unwrap()),
        ..Configuration::default()
    };
    let create = async |body| create_client(&api, body, None).await.unwrap().data;

    let ada = ClientCreate {
        phone: Some(Some("+1 555-1234".to_owned())),
        notes: Some(Some("First.".to_owned())),
        ..ClientCreate::new("Ada".to_owned())
    };
    let ada = create(ada).await;
    let bob = ClientCreate { status: Some(ClientStatus::Inactive), ..ClientCreate::new("Bob".to_owned()) };
    let bob = create(bob).await;
    assert_eq!(ada.status, ClientStatus::Active);
    assert_eq!(bob.phone, None);

    let both = vec![ClientStatus::Active, ClientStatus::Inactive];
    let page = list_clients(&api, Some(1), None, None, Some("name"), Some("desc"), Some(both), None, None).await.unwrap();
    assert_eq!(page.total, 2);
    assert_eq!(page.data.iter().map(|client| client.name.as_str()).collect::<Vec<_>>(), ["Bob"]);

    assert_eq!(get_client(&api, &ada.id.to_string(), None, None).await.unwrap().data, ada);

    let no_phone = ClientUpdate { phone: Some(None), ..ClientUpdate::new() };
    let changed = update_client(&api, &ada.id.to_string(), no_phone, None, None).await.unwrap().data;
    assert_eq!((changed.phone, changed.notes.as_deref()), (None, Some("First.")));

    for id in [ada.id, bob.id] {
        assert!(delete_client(&api, &id.to_string(), None, None, None).await.unwrap().success);
    }

    // The generated enum takes each problem document for that of its first status.
    let Err(Error::ResponseError(gone)) = get_client(&api, &ada.id.to_string(), None, None).await else { panic!() };
    let Some(GetClientError::Status400(problem)) = gone.entity else { panic!("{}", gone.content) };
    assert_eq!((gone.status.as_u16(), problem.code.as_str()), (404, "not_found"));

    assert_eq!(restore_client(&api, &ada.id.to_string(), None, None).await.unwrap().data.notes.as_deref(), Some("First."));

    let chosen = "220745ee-989c-5da3-8344-4384e51643fe";
    let cyd = put_client(&api, chosen, ClientCreate::new("Cyd".to_owned()), None, None).await.unwrap().data;

    let phone = ClientUpdate { phone: Some(Some("+1 555-9876".to_owned())), ..ClientUpdate::new() };
    let on = |id: String, operation| BatchOperation { id: Some(id), ..BatchOperation::new(operation) };
    let update = BatchOperation { client: Some(Box::new(phone)), ..on(chosen.to_owned(), Operation::Update) };
    let deletions = [bob.id, cyd.id, ada.id].map(|id| on(id.to_string(), Operation::Delete));
    let operations = [update].into_iter().chain(deletions).collect();
    let results = batch_clients(&api, Batch::new(operations), None).await.unwrap().results;
    assert_eq!(results.iter().map(|result| result.status).collect::<Vec<_>>(), [200, 404, 200, 200]);
    assert_eq!(results[0].client.as_ref().unwrap().phone.as_deref(), Some("+1 555-9876"));
    assert_eq!(results[1].problem.as_ref().unwrap().code, "not_found");

    let changes = list_changes(&api, None, None).await.unwrap();
    assert!(!changes.has_more);
    assert!(changes.changes.iter().any(|change| change.id == cyd.id && change.deleted_at.is_some()));

    let Err(Error::ResponseError(refused)) = create_client(&api, ClientCreate::new(" ".to_owned()), None).await else {
        panic!()
    };
    let Some(CreateClientError::Status400(problem)) = refused.entity else { panic!("{}", refused.content) };
    assert_eq!((refused.status.as_u16(), problem.errors.unwrap()[0].field.as_str()), (400, "name"));
}
