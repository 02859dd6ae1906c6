//! The same lists from PostgreSQL: columns with the compared texts, a B-tree for each order with and without status,
//! and trigram indexes for the search.

use std::{io::Write as _, time::Duration};

use anyhow::Result;
use domain::ListedClient;
use list_engine::{
    ListParams, SortBy, SortOrder,
    oracle::{Query, plain, readings, without_separators},
};
use postgres::types::ToSql;
use uuid::Uuid;

use super::median;
use crate::cluster::Cluster;

const TABLE: &str = r#"
drop table if exists clients;
create table clients (
    id uuid primary key, name text not null, phone text, status smallint not null, notes text,
    created_at bigint not null, updated_at bigint not null, version bigint not null,
    plain_name text collate "C" not null, plain_phone text collate "C", bare text collate "C", with_plus text collate "C"
);
alter table clients alter phone type text collate "C";
"#;

const INDEXES: &str = "
create extension if not exists pg_trgm;
create index on clients (plain_name, id);
create index on clients (phone, id);
create index on clients (status, id);
create index on clients (created_at, id);
create index on clients (status, plain_name, id);
create index on clients (status, phone, id);
create index on clients (status, created_at, id);
create index on clients using gin (plain_name gin_trgm_ops) with (fastupdate = off);
create index on clients using gin (plain_phone gin_trgm_ops) with (fastupdate = off);
create index on clients using gin (bare gin_trgm_ops) with (fastupdate = off);
create index on clients using gin (with_plus gin_trgm_ops) with (fastupdate = off);
vacuum (freeze, analyze) clients;
";

/// A table of clients, and a connection for each plan cache mode.
pub(crate) struct PostgresLists {
    automatic_plans: postgres::Client,
    custom_plans: postgres::Client,
}

/// PostgreSQL's total and page, with the median time.
pub(crate) struct Answer {
    pub(crate) total: usize,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) time: Duration,
}

impl PostgresLists {
    /// Creates the table and its indexes.
    pub(crate) fn load(cluster: &Cluster, clients: &[ListedClient]) -> Result<Self> {
        let mut connection = cluster.connect()?;
        connection.batch_execute(TABLE)?;
        let mut copy = connection.copy_in("copy clients from stdin")?;
        for ListedClient { client, has_long_notes } in clients {
            let phone = client.phone.as_ref().map(domain::Phone::as_str);
            let plain_phone = phone.map(plain);
            let numbers = plain_phone.as_deref().map(|phone| readings(&without_separators(phone))).unwrap_or_default();
            let notes = client.notes.as_ref().map(domain::Notes::as_str).or(has_long_notes.then_some("long"));
            writeln!(
                copy,
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                client.id,
                client.name.as_str(),
                phone.unwrap_or("\\N"),
                client.status as u8,
                notes.unwrap_or("\\N"),
                client.created_at.millis(),
                client.updated_at.millis(),
                client.version,
                plain(client.name.as_str()),
                plain_phone.as_deref().unwrap_or("\\N"),
                numbers.first().map_or("\\N", String::as_str),
                numbers.get(1).map_or("\\N", String::as_str),
            )?;
        }
        copy.finish()?;
        // Statements that are sent together are one transaction, in which VACUUM fails.
        for statement in INDEXES.split_inclusive(';') {
            connection.batch_execute(statement)?;
        }
        let mut custom_plans = cluster.connect()?;
        custom_plans.batch_execute("set plan_cache_mode = force_custom_plan")?;
        Ok(Self { automatic_plans: connection, custom_plans })
    }

    /// Runs prepared queries for the page and for the count, under the faster plans.
    pub(crate) fn measure(&mut self, params: &ListParams) -> Result<Answer> {
        let custom = ask(&mut self.custom_plans, params, 7)?;
        // The server chooses between generic and custom plans after five runs. For slow queries the time to plan
        // does not matter.
        if custom.time > Duration::from_millis(50) {
            return Ok(custom);
        }
        let automatic = ask(&mut self.automatic_plans, params, 15)?;
        Ok(if automatic.time < custom.time { automatic } else { custom })
    }
}

fn ask(connection: &mut postgres::Client, params: &ListParams, runs: usize) -> Result<Answer> {
    let mut patterns = Vec::new();
    let (limit, offset) = (params.limit as i64, params.offset as i64);
    let mut filter = String::from("true");
    if let Some(status) = params.status {
        // A constant, so that the planner knows which of the two it is.
        filter += &format!(" and status = {}", status as u8);
    }
    if let Some(query) = params.query.as_deref().map(Query::new).filter(|query| !query.is_blank) {
        filter += &format!(" and ({})", search_condition(&query, &mut patterns));
    }
    let mut bound: Vec<&(dyn ToSql + Sync)> = patterns.iter().map(|pattern| pattern as _).collect();
    let count = connection.prepare(&format!("select count(*) from clients where {filter}"))?;
    let count_bound = bound.clone();
    bound.push(&limit);
    bound.push(&offset);
    let column = match params.sort_by {
        SortBy::Name => "plain_name",
        SortBy::Phone => "phone",
        SortBy::Status => "status",
        SortBy::CreatedAt => "created_at",
    };
    let direction = if params.sort_order == SortOrder::Asc { "" } else { "desc" };
    let page = connection.prepare(&format!(
        "select id, name, phone, status, notes, created_at, updated_at, version from clients where {filter} \
         order by {column} {direction}, id {direction} limit ${} offset ${}",
        bound.len() - 1,
        bound.len(),
    ))?;

    let mut query = || anyhow::Ok((connection.query(&page, &bound)?, connection.query_one(&count, &count_bound)?));
    query()?;
    let (answer, time) = median(runs, query);
    let (rows, total) = answer?;
    let ids = rows.iter().map(|row| row.get("id")).collect();
    Ok(Answer { total: total.get::<_, i64>(0) as usize, ids, time })
}

/// The condition of a search. Adds the patterns that its placeholders stand for.
fn search_condition(query: &Query, patterns: &mut Vec<String>) -> String {
    let mut like = |column: &str, text: &str| {
        patterns.push(pattern(text));
        format!("{column} like ${}", patterns.len())
    };
    let number = |number: &str, like: &mut dyn FnMut(&str, &str) -> String| {
        let found: Vec<String> =
            readings(number).iter().flat_map(|reading| [like("bare", reading), like("with_plus", reading)]).collect();
        found.join(" or ")
    };
    let mut words = Vec::new();
    for word in &query.words {
        let bare = without_separators(word);
        let in_name = like("plain_name", word);
        let in_phone = if bare.is_empty() { like("plain_phone", word) } else { number(&bare, &mut like) };
        words.push(format!("({in_name} or {in_phone})"));
    }
    let mut alternatives = vec![if words.is_empty() { "false".to_owned() } else { words.join(" and ") }];
    // The number of a single word is among that word's alternatives already.
    if let Some(whole) = query.number.as_ref().filter(|_| words.len() > 1) {
        alternatives.push(number(whole, &mut like));
    }
    alternatives.join(" or ")
}

/// The LIKE pattern of texts that contain `text`.
fn pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
