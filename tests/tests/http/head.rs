//! `HEAD` on every read: the headers of `GET`, and no body.

use testkit::Answer;

use crate::api::{NOBODY, Session, named, only_in_process, token};

const REASON: &str = "`sam local` writes headers of its own for HEAD";

/// The answers of `HEAD` and `GET` to the same request, of which `HEAD`'s must have no body.
async fn head_and_get(session: &Session, path: &str, header: Option<(&str, &str)>) -> (Answer, Answer) {
    let send = async |method| {
        let call = session.call(method, path);
        session.send(header.into_iter().fold(call, |call, (name, value)| call.header(name, value))).await
    };
    let (head, get) = (send("HEAD").await, send("GET").await);
    assert_eq!(head.text, "", "{path}");
    (head, get)
}

/// Checks that two answers have the same status and headers. `Content-Length` may be absent from `HEAD`'s.
#[track_caller]
fn assert_same_head(head: Answer, get: Answer) {
    let (mut head, mut get) = (head.without_request_id(), get.without_request_id());
    let length = get.headers.remove("content-length");
    if let Some(claimed) = head.headers.remove("content-length") {
        assert_eq!(Some(claimed), length);
    }
    assert_eq!((head.status, &head.headers), (get.status, &get.headers));
}

#[tokio::test]
async fn a_head_has_the_headers_of_a_get() {
    if only_in_process(REASON).is_none() {
        return;
    }
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    for path in [path, format!("/clients?query={token}"), "/clients?query=nobody-has-this-name".to_owned()] {
        let (head, get) = head_and_get(&session, &path, None).await;
        assert_eq!((get.status, head.header("content-type")), (200, "application/json"), "{path}");
        assert!(head.header("etag").len() >= "\"1\"".len(), "{path}");
        assert_same_head(head, get);
    }
}

#[tokio::test]
async fn a_head_evaluates_preconditions() {
    if only_in_process(REASON).is_none() {
        return;
    }
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    for path in [path, format!("/clients?query={token}")] {
        let tag = session.get(&path).await.header("etag").to_owned();
        for (name, value, status) in
            [("If-None-Match", tag.as_str(), 304), ("If-Match", "\"other\"", 412), ("If-Match", "*", 200)]
        {
            let (head, get) = head_and_get(&session, &path, Some((name, value))).await;
            assert_eq!(head.status, status, "{path} {name}");
            assert_same_head(head, get);
        }
    }
}

#[tokio::test]
async fn a_head_fails_as_a_get_does() {
    if only_in_process(REASON).is_none() {
        return;
    }
    let session = Session::new();
    for (path, status) in [(NOBODY, 404), ("/clients?limit=0", 400), ("/clients?nonsense=1", 400)] {
        let (head, get) = head_and_get(&session, path, None).await;
        assert_eq!(head.status, status, "{path}");
        assert_same_head(head, get);
    }
    let (head, get) = head_and_get(&Session::with_key("ba_none"), "/clients", None).await;
    assert_eq!((head.status, head.header("www-authenticate")), (401, "Bearer"));
    assert_same_head(head, get);
}
