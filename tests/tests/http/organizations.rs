//! An API key opens one organization and nothing else. `tenancy.rs` attacks that at random.

use serde_json::json;

use crate::api::{NOBODY, Session, count, named, token};

#[tokio::test]
async fn a_foreign_client_is_the_same_404_as_an_absent_one() {
    let (ours, theirs) = (Session::new(), Session::of_another_organization());
    let (path, client) = ours.create(&named(&token())).await;
    for (foreign, absent) in [
        (theirs.get(&path).await, theirs.get(NOBODY).await),
        (theirs.patch(&path, &json!({"name": "taken"})).await, theirs.patch(NOBODY, &json!({"name": "taken"})).await),
        (theirs.delete(&path).await, theirs.delete(NOBODY).await),
        (theirs.restore(&path).await, theirs.restore(NOBODY).await),
    ] {
        foreign.assert_problem(404, "not_found", &[]);
        assert_eq!(foreign.text.len(), absent.text.len());
        assert_eq!(foreign.without_request_id(), absent.without_request_id());
    }
    assert_eq!(ours.get(&path).await.body["data"], client);
    ours.delete(&path).await;
    theirs.restore(&path).await.assert_problem(404, "not_found", &[]);
    theirs.delete(&format!("{path}?permanently=true")).await.assert_problem(404, "not_found", &[]);
    assert_eq!(ours.restore(&path).await.status, 200);
}

#[tokio::test]
async fn two_organizations_have_each_their_client_of_one_identifier() {
    let (ours, theirs) = (Session::new(), Session::of_another_organization());
    let (path, client) = ours.create(&named(&token())).await;
    let put = theirs.put(&path, &json!({"name": "theirs"})).await;
    assert_eq!((put.status, put.header("etag")), (201, "\"1\""), "{}", put.text);
    assert_eq!(ours.get(&path).await.body["data"], client);
    assert_eq!(theirs.delete(&path).await.status, 200);
    assert_eq!(ours.get(&path).await.body["data"], client);
}

#[tokio::test]
async fn a_foreign_client_is_in_no_list() {
    let token = token();
    let (ours, theirs) = (Session::new(), Session::of_another_organization());
    ours.create(&named(&token)).await;
    assert_eq!((count(&ours, &token).await, count(&theirs, &token).await), (1, 0));
}
