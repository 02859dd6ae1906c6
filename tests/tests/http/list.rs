//! Lists: search, order, filter and pages, compared with an oracle. It knows the folded names because they are
//! written beside the names.

use std::cmp::Ordering;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::api::{Session, token};

/// Names, and their folded forms, which search and order use.
const NAMES: [(&str, &str); 20] = [
    ("José", "jose"),
    ("jose", "jose"),
    ("JOSÉ", "jose"),
    ("Jose\u{301}", "jose"),
    ("Zoë", "zoe"),
    ("Åsa", "asa"),
    ("Øystein", "oystein"),
    ("Straße", "strasse"),
    ("STRASSE", "strasse"),
    ("İpek", "ipek"),
    ("Łukasz", "lukasz"),
    ("Nguyễn", "nguyen"),
    ("Ὀδυσσεύς", "οδυσσευσ"),
    ("ﬁn", "fin"),
    ("Ｗｉｄｅ", "wide"),
    ("Анна", "анна"),
    ("김", "김"),
    ("佐藤", "佐藤"),
    ("100% _*.", "100% _*."),
    ("😀", "😀"),
];

/// A client as the oracle knows it.
#[derive(Clone)]
struct Row {
    id: String,
    folded_name: String,
    phone: Option<String>,
    status: &'static str,
    created_at: String,
    shown: Value,
}

/// 60 clients, in the order of their creation, and the token in their names.
async fn clients() -> &'static (String, Vec<Row>) {
    static CLIENTS: OnceCell<(String, Vec<Row>)> = OnceCell::const_new();
    CLIENTS.get_or_init(create_clients).await
}

async fn create_clients() -> (String, Vec<Row>) {
    let session = Session::new();
    let token = token();
    let mut rows = Vec::new();
    for n in 0..60 {
        let (name, folded) = NAMES[n % NAMES.len()];
        let phone = match n % 5 {
            0 => None,
            1 => Some("+1 555-0100".to_owned()),
            _ => Some(format!("+{} ({:03}) {:03}-{n:04}", n % 7, n * 37 % 1000, n * 91 % 1000)),
        };
        let status = if n % 3 == 0 { "inactive" } else { "active" };
        let notes = (n % 10 == 0).then(|| "n".repeat(1000));
        let body = json!({"name": format!("{name} {token}"), "phone": phone, "status": status, "notes": notes});
        let (_, shown) = session.create(&body).await;
        rows.push(Row {
            id: shown["id"].as_str().unwrap().to_owned(),
            folded_name: format!("{folded} {token}"),
            phone,
            status,
            created_at: shown["createdAt"].as_str().unwrap().to_owned(),
            shown,
        });
    }
    (token, rows)
}

/// The clients in this order.
fn sorted(rows: &[Row], by: &str, order: &str) -> Vec<Row> {
    let missing_last = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => a.cmp(b),
        (None, None) => Ordering::Equal,
        (a, _) => {
            if a.is_none() {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
    };
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        let order = match by {
            "name" => a.folded_name.cmp(&b.folded_name),
            "phone" => missing_last(&a.phone, &b.phone),
            "status" => a.status.cmp(b.status),
            _ => a.created_at.cmp(&b.created_at),
        };
        order.then_with(|| a.id.cmp(&b.id))
    });
    if order == "desc" {
        rows.reverse();
    }
    rows
}

fn shown(rows: &[Row]) -> Value {
    rows.iter().map(|row| row.shown.clone()).collect()
}

#[tokio::test]
async fn the_pages_of_every_order_give_each_client_once() {
    let (token, rows) = clients().await;
    let session = Session::new();
    for by in ["name", "phone", "status", "createdAt"] {
        for order in ["asc", "desc"] {
            let expected = sorted(rows, by, order);
            for offset in [0, 23, 46] {
                let at = offset.to_string();
                let parameters =
                    [("query", token.as_str()), ("sortBy", by), ("sortOrder", order), ("limit", "23"), ("offset", &at)];
                let answer = session.list(&parameters).await;
                assert_eq!((answer.status, &answer.body["total"]), (200, &json!(60)), "{}", answer.text);
                let page = &expected[offset..(offset + 23).min(60)];
                assert_eq!(answer.body["data"], shown(page), "{by} {order} {offset}");
            }
        }
    }
}

#[tokio::test]
async fn without_parameters_the_first_50_come_in_the_order_of_creation() {
    let (token, rows) = clients().await;
    let answer = Session::new().list(&[("query", token)]).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.body, json!({"data": shown(&sorted(rows, "createdAt", "asc")[..50]), "total": 60}));
    let all = Session::new().list(&[]).await;
    assert_eq!(all.body["data"].as_array().unwrap().len(), 50);
    assert!(all.body["total"].as_u64().unwrap() >= 60);
}

#[tokio::test]
async fn a_page_beyond_the_end_is_empty_and_the_total_stays() {
    let (token, _) = clients().await;
    for offset in ["60", "4294967295"] {
        let answer = Session::new().list(&[("query", token), ("offset", offset)]).await;
        assert_eq!((answer.status, answer.body), (200, json!({"data": [], "total": 60})), "{offset}");
    }
}

#[tokio::test]
async fn the_filter_keeps_the_listed_statuses() {
    let (token, rows) = clients().await;
    for (filter, statuses) in [
        ("active", &["active"][..]),
        ("inactive", &["inactive"]),
        ("inactive,inactive", &["inactive"]),
        ("active,inactive", &["active", "inactive"]),
    ] {
        let kept: Vec<Row> = rows.iter().filter(|row| statuses.contains(&row.status)).cloned().collect();
        let expected = json!({"data": shown(&sorted(&kept, "createdAt", "asc")), "total": kept.len()});
        // The statuses with commas between them, and each in a parameter of its own.
        let mut parameters = vec![("query", token.as_str()), ("limit", "100"), ("status", filter)];
        assert_eq!(Session::new().list(&parameters).await.body, expected, "{filter}");
        parameters.pop();
        parameters.extend(filter.split(',').map(|status| ("status", status)));
        assert_eq!(Session::new().list(&parameters).await.body, expected, "{filter}, repeated");
    }
}

#[tokio::test]
async fn a_search_ignores_case_and_accents() {
    let (token, rows) = clients().await;
    for (query, folded) in [
        ("jose", "jose"),
        ("JOSÉ", "jose"),
        ("ose\u{301}", "ose"),
        ("zoe", "zoe"),
        ("ÅSA", "asa"),
        ("strasse", "strasse"),
        ("STRAßE", "strasse"),
        ("ipek", "ipek"),
        ("NGUYEN", "nguyen"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("fin", "fin"),
        ("wide", "wide"),
        ("АННА", "анна"),
        ("佐藤", "佐藤"),
        ("% _*.", "% _*."),
        ("😀", "😀"),
        ("lukasz", "lukasz"),
    ] {
        let (query, folded) = (format!("{query} {token}"), format!("{folded} {token}"));
        let found: Vec<Row> = rows.iter().filter(|row| row.folded_name.contains(&folded)).cloned().collect();
        let answer = Session::new().list(&[("query", &query), ("limit", "100")]).await;
        let expected = json!({"data": shown(&sorted(&found, "createdAt", "asc")), "total": found.len()});
        assert_eq!(answer.body, expected, "{query}");
    }
}

#[tokio::test]
async fn a_phone_is_found_as_written_and_by_its_digits() {
    let session = Session::new();
    let digits = format!("{:012}", fastrand::u64(..1_000_000_000_000));
    let phone = format!("+{} ({}) {}-{} Ext", &digits[..2], &digits[2..5], &digits[5..8], &digits[8..]);
    let (_, client) = session.create(&json!({"name": "No digits", "phone": phone})).await;
    for query in [&phone, &digits, &digits[1..11], &phone[1..10], &phone.to_lowercase()] {
        let answer = session.list(&[("query", query), ("limit", "100")]).await;
        assert!(answer.body["data"].as_array().unwrap().contains(&client), "{query}: {}", answer.text);
    }
    let answer = session.list(&[("query", &format!("{digits}0"))]).await;
    assert!(!answer.body["data"].as_array().unwrap().contains(&client), "{}", answer.text);
}

#[tokio::test]
async fn every_write_is_in_the_next_list() {
    let session = Session::new();
    let (before, after) = (token(), token());
    let total = async |token: &str| session.list(&[("query", token)]).await.body["total"].as_u64().unwrap();
    for _ in 0..3 {
        let (path, _) = session.create(&json!({"name": before})).await;
        assert_eq!((total(&before).await, total(&after).await), (1, 0));
        session.patch(&path, &json!({"name": after})).await;
        assert_eq!((total(&before).await, total(&after).await), (0, 1));
        session.delete(&path).await;
        assert_eq!((total(&before).await, total(&after).await), (0, 0));
    }
}
