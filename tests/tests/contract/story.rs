//! One API that gives every answer of the document. The clock stands still, identifiers follow from
//! idempotency keys, and the request has the document's own identifier, so that the answers are the same
//! every time, to the byte.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::{Clock, Timestamp, limits::WRITE_TIMEOUT};
use lambda_http::{Body, Context, LambdaEvent, Response};
use local::{
    engine::{Engine, config_for},
    setup::{self, KeySource},
};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::to_raw_value};
use shared::{
    App,
    http::{ApiError, Request, Service},
    rate_limit::{Quotas, RateLimiter},
    store::{Store, Tables},
};

use testkit::Call;

use crate::document::Document;

/// A sample that everybody can read: it opens only the API that is made here.
const KEY: &str = "ba_0123456789abcdef0123456789abcdef458177ba";

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
}

/// One answer of the story, and the name of the example that shows it.
pub(crate) struct Told {
    pub(crate) operation: &'static str,
    pub(crate) example: Option<&'static str>,
    pub(crate) answer: Answer,
}

struct Api {
    document: Document,
    app: App,
    services: Vec<Service>,
    clock: Arc<AtomicI64>,
    /// The time that a function has for a request.
    time: Duration,
    told: Vec<Told>,
    _engine: Engine,
}

impl Api {
    async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let clock = Arc::new(AtomicI64::new(0));
        let read = clock.clone();
        let app = App {
            store: Store::new(engine.config(), Tables::default()),
            objects: None,
            clock: Clock::new(move || Timestamp::from_millis(read.load(Ordering::Relaxed))),
            rate_limiter: RateLimiter::new(Quotas { key: Some(1200), organization: Some(6000) }),
        };
        let mut api = Self {
            document: Document::read(),
            services: local::services(&app),
            app,
            clock,
            time: WRITE_TIMEOUT,
            told: Vec::new(),
            _engine: engine,
        };
        api.it_is("2026-01-31T09:30:00.000Z");
        setup::prepare(&api.app, &KeySource::Given(KEY.parse().unwrap())).await.unwrap();
        api
    }

    fn it_is(&mut self, time: &str) {
        self.clock.store(time.parse::<Timestamp>().unwrap().millis(), Ordering::Relaxed);
    }

    /// The example of a request's body in the document.
    fn body(&self, operation: &str, example: &str) -> Value {
        let content = &self.document.operation(operation).json["requestBody"]["content"]["application/json"];
        content["examples"][example]["value"].clone()
    }

    fn service(&self, operation: &str) -> Service {
        let route = self.document.operation(operation).route();
        self.services.iter().find(|service| service.endpoint.route() == route).unwrap().clone()
    }

    /// Makes a request, and keeps the answer to compare it with the document.
    async fn tell(
        &mut self,
        operation: &'static str,
        status: u16,
        example: impl Into<Option<&'static str>>,
        event: Value,
    ) {
        self.tell_by(&self.service(operation), operation, status, example, event).await;
    }

    /// Like [`tell`](Self::tell), with another service than the API's own.
    async fn tell_by(
        &mut self,
        service: &Service,
        operation: &'static str,
        status: u16,
        example: impl Into<Option<&'static str>>,
        event: Value,
    ) {
        let request_id = self.document.at("/components/headers/X-Request-Id/example").as_str().unwrap();
        let answer = answer(service, request_id, self.time, &event).await;
        assert_eq!(answer.status, status, "{operation}: {event} {}", answer.body);
        self.told.push(Told { operation, example: example.into(), answer });
    }

    fn last_header(&self, name: &str) -> Option<String> {
        self.told.last().unwrap().answer.headers.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    fn last_body(&self) -> &Value {
        &self.told.last().unwrap().answer.body
    }
}

async fn answer(service: &Service, request_id: &str, time: Duration, event: &Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        status_code: u16,
        headers: Map<String, Value>,
        body: Option<String>,
    }
    let deadline = (SystemTime::now() + time).duration_since(UNIX_EPOCH).unwrap();
    let mut context = Context::default();
    context.request_id = request_id.to_owned();
    context.deadline = u64::try_from(deadline.as_millis()).unwrap();
    let event = LambdaEvent::new(to_raw_value(event).unwrap(), context);
    let written: Written = serde_json::from_str(service.invoke(event).await.unwrap().get()).unwrap();
    let body = written.body.filter(|body| !body.is_empty());
    let body = body.map_or(Value::Null, |body| serde_json::from_str(&body).unwrap());
    Answer { status: written.status_code, headers: written.headers, body }
}

/// Replaces the body of an event by a text that need not be JSON.
fn with_text(event: &Call, body: &str) -> Value {
    let mut json = event.event();
    json["body"] = json!(body);
    json
}

/// The whole story.
pub(crate) async fn answers() -> Vec<Told> {
    let mut api = Api::new().await;
    let (john, jose) = creations(&mut api).await;
    lists(&mut api).await;
    reads(&mut api, &john).await;
    changes(&mut api, &john).await;
    let cursor = follows(&mut api).await;
    deletions(&mut api, &jose).await;
    is_told_of_the_deletion(&mut api, &cursor).await;
    puts(&mut api).await;
    restorations(&mut api, &jose).await;
    batches(&mut api).await;
    failures(&mut api).await;
    api.told
}

fn clients(method: &'static str) -> Call {
    Call::clients(method).bearer(KEY)
}

fn client(method: &'static str, id: &str) -> Call {
    Call::client(method, id).bearer(KEY)
}

async fn creations(api: &mut Api) -> (String, String) {
    // The key in the document, and one more: what they make is the clients in the document.
    let key = api.document.at("/components/parameters/idempotencyKey/example").as_str().unwrap().to_owned();
    let body = api.body("createClient", "nameAndPhone");
    let create = |key: &str, body: &Value| clients("POST").header("idempotency-key", key).json(body);
    let mut ids = Vec::new();
    api.tell("createClient", 201, "nameAndPhone", create(&key, &body).event()).await;
    assert_eq!(api.last_header("location").as_ref(), Some(&example(api, "Location")));
    assert_eq!(api.last_header("etag").as_ref(), Some(&example(api, "ETag")));
    assert_eq!(api.last_header("idempotency-replayed"), None);
    ids.push(api.last_body()["data"]["id"].as_str().unwrap().to_owned());

    api.it_is("2026-01-31T09:31:00.000Z");
    api.tell("createClient", 201, "nameAndPhone", create(&key, &body).event()).await;
    assert_eq!(api.last_header("idempotency-replayed").as_ref(), Some(&example(api, "Idempotency-Replayed")));
    let all_fields = api.body("createClient", "allFields");
    api.tell("createClient", 422, "idempotencyKeyReused", create(&key, &all_fields).event()).await;
    let other = create("c2b7d1f0-8f6e-4a77-b8a3-0d1a5a0b9c11", &all_fields);
    api.tell("createClient", 201, "allFields", other.event()).await;
    ids.push(api.last_body()["data"]["id"].as_str().unwrap().to_owned());

    let post = clients("POST").header("content-type", "application/json");
    let fields = r#"{"name": " ", "phone": 5551234, "stauts": "active"}"#;
    api.tell("createClient", 400, "fields", with_text(&post, fields)).await;
    api.tell("createClient", 400, "nameMissing", with_text(&post, "{}")).await;
    api.tell("createClient", 400, "notJson", with_text(&post, r#"{"name": "John"#)).await;
    api.tell("createClient", 400, "idempotencyKey", create("", &body).event()).await;
    let text = clients("POST").header("content-type", "text/plain");
    api.tell("createClient", 415, "unsupportedMediaType", with_text(&text, "John")).await;
    let packed = create(&key, &body).header("content-encoding", "gzip");
    api.tell("createClient", 415, "unsupportedContentEncoding", packed.event()).await;

    // What the schema of an idempotency key says, the API does.
    let schema = api.document.validator_at("/components/parameters/idempotencyKey/schema");
    for key in ["a", "a b", "~!\"#", "+-.", "a\tb", "a,b", ",", &"k".repeat(255), &"k".repeat(256), "é", "\u{80}"] {
        let event = create(key, &json!({ "name": " " })).event();
        let refused = answer(&api.service("createClient"), "x", api.time, &event).await.body["errors"]
            .to_string()
            .contains("Idempotency-Key");
        assert_eq!(schema.is_valid(&json!(key)), !refused, "{key:?}");
    }
    let [john, jose] = ids.try_into().unwrap();
    (john, jose)
}

/// The example of a header.
fn example(api: &Api, header: &str) -> String {
    api.document.at(&format!("/components/headers/{header}/example")).as_str().unwrap().to_owned()
}

async fn lists(api: &mut Api) {
    for (example, query) in [
        ("all", ""),
        ("search", "query=jose"),
        ("words", "query=Doe,+John"),
        ("digits", "query=5551234"),
        ("firstOfTwo", "limit=1&sortBy=name&sortOrder=desc"),
        ("beyondTheEnd", "offset=50"),
    ] {
        api.tell("listClients", 200, example, clients("GET").query(query).event()).await;
    }
    let etag = api.last_header("etag").unwrap();
    let again = clients("GET").query("offset=50").header("if-none-match", &etag);
    api.tell("listClients", 304, None, again.event()).await;
    assert_eq!(api.last_header("etag"), Some(etag));
    api.tell("listClients", 412, "preconditionFailed", clients("GET").header("if-match", "\"7\"").event()).await;
    // Both forms of a list of values.
    for query in ["status=active&status=inactive", "status=active,inactive"] {
        api.tell("listClients", 200, "all", clients("GET").query(query).event()).await;
    }
    for (example, query) in
        [("values", "limit=0&sortOrder=ASC&status=gone"), ("names", "sortby=name&limit=5&limit=10&page=2")]
    {
        api.tell("listClients", 400, example, clients("GET").query(query).event()).await;
    }
}

async fn reads(api: &mut Api, id: &str) {
    api.tell("getClient", 200, "client", client("GET", id).event()).await;
    let etag = api.last_header("etag").unwrap();
    api.tell("getClient", 304, None, client("GET", id).header("if-none-match", &etag).event()).await;
    let other = client("GET", id).header("if-match", "\"7\"");
    api.tell("getClient", 412, "preconditionFailed", other.event()).await;
    api.tell("getClient", 400, "parameter", client("GET", id).query("fields=name").event()).await;
    api.tell("getClient", 400, "entityTag", client("GET", id).header("if-none-match", "1").event()).await;
    api.tell("getClient", 404, "notFound", client("GET", "x").event()).await;
}

async fn changes(api: &mut Api, id: &str) {
    api.it_is("2026-01-31T09:32:00.000Z");
    let patch = |api: &Api, example| client("PATCH", id).json(&api.body("updateClient", example));
    let event = patch(api, "statusAndNotes").header("if-match", "\"1\"").event();
    api.tell("updateClient", 200, "statusAndNotes", event.clone()).await;
    api.tell("updateClient", 412, "preconditionFailed", event).await;
    api.it_is("2026-01-31T09:33:00.000Z");
    api.tell("updateClient", 200, "noPhone", patch(api, "noPhone").event()).await;
    let cleared = api.last_body().clone();
    // An empty phone number is none.
    api.tell("updateClient", 200, "noPhone", client("PATCH", id).json(&json!({ "phone": "" })).event()).await;
    assert_eq!(api.last_body(), &cleared);
    let etag = api.last_header("etag").unwrap();
    let known = patch(api, "noPhone").header("if-none-match", &etag);
    api.tell("updateClient", 412, "preconditionFailed", known.event()).await;

    let json = client("PATCH", id).header("content-type", "application/json");
    let fields = r#"{"name": "", "status": null, "id": "1"}"#;
    api.tell("updateClient", 400, "fields", with_text(&json, fields)).await;
    api.tell("updateClient", 400, "entityTag", patch(api, "noPhone").header("if-match", "1").event()).await;
    let unknown = client("PATCH", "x").json(&json!({}));
    api.tell("updateClient", 404, "notFound", unknown.event()).await;
    let text = client("PATCH", id).header("content-type", "text/plain");
    api.tell("updateClient", 415, "unsupportedMediaType", with_text(&text, "John")).await;
    let packed = patch(api, "noPhone").header("content-encoding", "gzip");
    api.tell("updateClient", 415, "unsupportedContentEncoding", packed.event()).await;
}

async fn puts(api: &mut Api) {
    // The identifier that the document makes of another system's.
    let prose = api.document.at("/info/description").as_str().unwrap();
    let id = prose.split("Each gives `").nth(1).unwrap().split('`').next().unwrap().to_owned();
    api.it_is("2026-01-31T09:34:00.000Z");
    let put = |api: &Api, example| client("PUT", &id).json(&api.body("putClient", example));
    let absent = put(api, "nameAndPhone").header("if-match", "*");
    api.tell("putClient", 412, "preconditionFailed", absent.event()).await;
    let create_only = put(api, "nameAndPhone").header("if-none-match", "*").event();
    api.tell("putClient", 201, "nameAndPhone", create_only.clone()).await;
    assert_eq!(api.last_header("location"), Some(format!("/api/v1/clients/{id}")));
    api.tell("putClient", 412, "preconditionFailed", create_only).await;
    api.it_is("2026-01-31T09:35:00.000Z");
    let replace = put(api, "otherFields");
    let replace_only = replace.clone().header("if-match", "\"1\"").event();
    api.tell("putClient", 200, "otherFields", replace_only.clone()).await;
    api.tell("putClient", 412, "preconditionFailed", replace_only).await;
    api.tell("putClient", 200, "otherFields", replace.event()).await;

    let by_other_name = client("PUT", "crm-1842").json(&json!({ "phone": 5_551_234 }));
    api.tell("putClient", 400, "fields", by_other_name.event()).await;
    api.tell("putClient", 400, "entityTag", replace.clone().header("if-match", "1").event()).await;
    let text = client("PUT", &id).header("content-type", "text/plain");
    api.tell("putClient", 415, "unsupportedMediaType", with_text(&text, "John")).await;
    let packed = replace.header("content-encoding", "gzip");
    api.tell("putClient", 415, "unsupportedContentEncoding", packed.event()).await;
}

async fn deletions(api: &mut Api, id: &str) {
    let delete = || client("DELETE", id);
    api.tell("deleteClient", 412, "preconditionFailed", delete().header("if-match", "\"7\"").event()).await;
    api.tell("deleteClient", 412, "preconditionFailed", delete().header("if-none-match", "*").event()).await;
    api.tell("deleteClient", 400, "parameter", delete().query("force=true").event()).await;
    api.tell("deleteClient", 400, "value", delete().query("permanently=yes").event()).await;
    api.tell("deleteClient", 400, "entityTag", delete().header("if-match", "1").event()).await;
    api.tell("deleteClient", 200, "deleted", delete().event()).await;
    api.tell("deleteClient", 404, "notFound", delete().event()).await;
}

async fn restorations(api: &mut Api, id: &str) {
    let restore = || Call::restore(id).bearer(KEY);
    api.it_is("2026-01-31T09:36:00.000Z");
    api.tell("restoreClient", 412, "preconditionFailed", restore().header("if-match", "\"1\"").event()).await;
    api.tell("restoreClient", 400, "parameter", restore().query("force=true").event()).await;
    api.tell("restoreClient", 400, "entityTag", restore().header("if-match", "1").event()).await;
    for _ in 0..2 {
        api.tell("restoreClient", 200, "restored", restore().event()).await;
    }
    let delete = client("DELETE", id).query("permanently=true").event();
    api.tell("deleteClient", 200, "deleted", delete.clone()).await;
    api.tell("deleteClient", 404, "notFound", delete).await;
    api.tell("restoreClient", 404, "notFound", restore().event()).await;
}

/// Reads the changes, twice. Returns the cursor in the document.
async fn follows(api: &mut Api) -> String {
    let get = |query: &str| Call::new("GET", "/clients/changes").bearer(KEY).query(query).event();
    api.tell("listChanges", 200, "firstPage", get("")).await;
    let cursor = api.last_body()["nextCursor"].as_str().unwrap().to_owned();
    assert_eq!(api.document.at("/components/parameters/cursor/examples/next/value"), &cursor);
    api.it_is("2026-01-31T09:34:00.000Z");
    api.tell("listChanges", 200, "nothingNew", get(&format!("cursor={cursor}"))).await;
    let cursor = api.last_body()["nextCursor"].as_str().unwrap().to_owned();
    api.tell("listChanges", 400, "values", get("cursor=abc&limit=0&since=yesterday")).await;
    cursor
}

async fn is_told_of_the_deletion(api: &mut Api, cursor: &str) {
    let get = Call::new("GET", "/clients/changes").bearer(KEY).query(format!("cursor={cursor}")).event();
    api.tell("listChanges", 200, "deletion", get.clone()).await;
    api.it_is("2026-02-14T09:34:00.000Z");
    api.tell("listChanges", 410, "cursorExpired", get).await;
    api.it_is("2026-01-31T09:34:00.000Z");
}

async fn batches(api: &mut Api) {
    api.it_is("2026-01-31T09:37:00.000Z");
    // The same key as a create's: each endpoint has its own.
    let key = api.document.at("/components/parameters/idempotencyKey/example").as_str().unwrap().to_owned();
    let body = api.body("batchClients", "several");
    let to_batch = || Call::new("POST", "/clients/batch").bearer(KEY);
    let batch = to_batch().json(&body);
    api.tell("batchClients", 200, "several", batch.clone().header("idempotency-key", &key).event()).await;
    api.tell("batchClients", 200, "repeated", batch.clone().header("idempotency-key", &key).event()).await;
    let other = json!({ "operations": [{ "operation": "create", "client": { "name": "A" } }] });
    let reused = to_batch().json(&other).header("idempotency-key", &key);
    api.tell("batchClients", 422, "idempotencyKeyReused", reused.event()).await;
    let faulty = json!({ "operation": "create", "client": { "name": " ", "phnoe": "1" } });
    let late = to_batch().json(&json!({ "operations": [other["operations"][0], faulty] }));
    api.time = Duration::from_secs(1);
    api.tell("batchClients", 200, "notAttempted", late.event()).await;
    api.time = WRITE_TIMEOUT;

    let json = to_batch().header("content-type", "application/json");
    api.tell("batchClients", 400, "operations", with_text(&json, r#"{"operations": [], "atomic": true}"#)).await;
    api.tell("batchClients", 400, "idempotencyKey", batch.clone().header("idempotency-key", "").event()).await;
    let text = to_batch().header("content-type", "text/plain");
    api.tell("batchClients", 415, "unsupportedMediaType", with_text(&text, "John")).await;
    let packed = batch.header("content-encoding", "gzip");
    api.tell("batchClients", 415, "unsupportedContentEncoding", packed.event()).await;
}

/// The failures of every operation.
async fn failures(api: &mut Api) {
    // Nothing listens at this port any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = App { store: Store::new(&config_for(&format!("http://{gone}")), Tables::default()), ..api.app.clone() };
    let operations: Vec<&'static str> =
        api.document.operations().iter().map(|operation| &*operation.id.to_owned().leak()).collect();
    for operation in operations {
        let endpoint = api.service(operation).endpoint;
        let event = |key: Option<&str>| key.into_iter().fold(Call::to_endpoint(endpoint), Call::bearer);
        api.tell(operation, 401, "unauthorized", event(None).event()).await;
        let unavailable = (endpoint.service)(dead.clone());
        api.tell_by(&unavailable, operation, 503, "unavailable", event(Some(KEY)).event()).await;
        let panicking = Service::new(endpoint, api.app.clone(), panicking);
        api.tell_by(&panicking, operation, 500, "internalError", event(Some(KEY)).event()).await;
        if operation == "listClients" {
            let full = Service::new(endpoint, api.app.clone(), async |_, _| Err(ApiError::TooLarge));
            api.tell_by(&full, operation, 503, "organizationTooLarge", event(Some(KEY)).event()).await;
        }
        let rate_limiter = RateLimiter::new(Quotas { key: Some(1), organization: None });
        let limited = (endpoint.service)(App { rate_limiter, ..api.app.clone() });
        answer(&limited, "x", WRITE_TIMEOUT, &event(Some(KEY)).event()).await;
        api.tell_by(&limited, operation, 429, "rateLimited", event(Some(KEY)).event()).await;
        let too_large = with_text(&event(Some(KEY)), &" ".repeat(endpoint.body_bytes + 1));
        // As an instance has it that has just started.
        let fresh = (endpoint.service)(api.app.clone());
        let example = if operation == "batchClients" { "batchTooLarge" } else { "payloadTooLarge" };
        api.tell_by(&fresh, operation, 413, example, too_large).await;
    }
}

/// A handler with a fault.
async fn panicking(_: App, _: Request) -> Result<Response<Body>, ApiError> {
    panic!("a fault, planted by the test")
}
