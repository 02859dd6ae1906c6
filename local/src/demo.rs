//! Plausible clients to play with: the n-th one is always the same, so that asking for N again adds
//! only what is missing.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context, Result};
use domain::{Caller, Change, ClientId, NewClient, Status};
use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use shared::{App, store::WriteContext};

/// Mixed with a client's number, so that neighbours have nothing in common.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// How many writes are under way at a time.
const IN_FLIGHT: usize = 32;

const GIVEN: [&str; 48] = [
    "José",
    "Zoë",
    "Søren",
    "Łukasz",
    "Åsa",
    "Nguyễn",
    "François",
    "Müge",
    "Chloé",
    "Jürgen",
    "Ana",
    "Óscar",
    "Siân",
    "Dvořák",
    "İbrahim",
    "Renée",
    "Björn",
    "Anaïs",
    "Günther",
    "Mária",
    "Tomás",
    "Ingrid",
    "Kofi",
    "Amélie",
    "Liam",
    "Olivia",
    "Noah",
    "Emma",
    "Mateo",
    "Sofía",
    "Yuki",
    "Hana",
    "Wei",
    "Mei",
    "Arjun",
    "Priya",
    "Омар",
    "Наталья",
    "Ἑλένη",
    "Γιώργος",
    "美咲",
    "健太",
    "유진",
    "민준",
    "Fatima",
    "Yusuf",
    "John",
    "Jane",
];
const FAMILY: [&str; 48] = [
    "García",
    "Müller",
    "Åkesson",
    "Østergård",
    "Nowak",
    "Wójcik",
    "Dupré",
    "Lefèvre",
    "Strauß",
    "Šimić",
    "Novák",
    "Yılmaz",
    "Çelik",
    "O'Connor",
    "D'Angelo",
    "Smith-Jones",
    "Nuñez",
    "Peña",
    "Gonçalves",
    "Araújo",
    "Þórsson",
    "Kovács",
    "Szabó",
    "Popescu",
    "Ionescu",
    "Ivanov",
    "Петрова",
    "Иванов",
    "Παπαδόπουλος",
    "Doe",
    "Smith",
    "Brown",
    "Taylor",
    "van der Berg",
    "de la Cruz",
    "Nakamura",
    "佐藤",
    "田中",
    "김",
    "이",
    "Zhang",
    "Li",
    "Singh",
    "Patel",
    "Okafor",
    "Mensah",
    "Haddad",
    "Cohen",
];
const TRADE: [&str; 12] = [
    "Café",
    "Bäckerei",
    "Électricité",
    "Dental Clinic",
    "Consulting",
    "Garten & Landschaft",
    "Logistics",
    "Studio",
    "Pâtisserie",
    "Peluquería",
    "Bau",
    "Solar",
];
const FORM: [&str; 8] = ["GmbH", "Ltd.", "S.A.", "Inc.", "& Söhne", "AB", "S.r.l.", "LLC"];
const NOTE: [&str; 10] = [
    "Prefers to be called in the afternoon.",
    "Met at the trade fair; send the catalogue.",
    "Invoice to the head office, not to the branch.",
    "Asked for a quote for 2027.",
    "Speaks French and German.\nAllergic to nuts.",
    "Moved: new address on file.",
    "Pays in advance.",
    "Referred by a friend.",
    "Call back once the offer is out. Second contact: the front desk, mornings only.",
    "¿Interesado en el plan anual? → ask again in spring",
];

/// The `n`-th client and its identifier.
///
/// # Errors
/// Never for what is written above; the texts pass the same checks as anybody's.
pub fn client(n: u32) -> Result<(ClientId, NewClient), String> {
    let mut rng = Rng::with_seed(SEED ^ u64::from(n));
    let id = ClientId::from_bits(rng.u128(..).to_be_bytes());
    let name = name(&mut rng).parse()?;
    let phone = phone(&mut rng).map(|text| text.parse()).transpose()?;
    let status = if rng.u8(..4) == 0 { Status::Inactive } else { Status::Active };
    let notes = (rng.u8(..5) == 0).then(|| pick(&mut rng, &NOTE).parse()).transpose()?;
    Ok((id, NewClient { name, phone, status, notes }))
}

fn name(rng: &mut Rng) -> String {
    let family = pick(rng, &FAMILY);
    match rng.u8(..10) {
        0 => format!("{} {family} {}", pick(rng, &TRADE), pick(rng, &FORM)),
        1 => format!("{} {} {family}", pick(rng, &GIVEN), pick(rng, &GIVEN)),
        2 => format!("{} {family}-{}", pick(rng, &GIVEN), pick(rng, &FAMILY)),
        3 => format!("{family}, {}", pick(rng, &GIVEN)).to_uppercase(),
        _ => format!("{} {family}", pick(rng, &GIVEN)),
    }
}

fn phone(rng: &mut Rng) -> Option<String> {
    let mut digits = |count: u32| format!("{:0width$}", rng.u64(..10_u64.pow(count)), width = count as usize);
    let (a, b, c) = (digits(3), digits(3), digits(4));
    Some(match rng.u8(..8) {
        0 => return None,
        1 => format!("+1 {a}-{c}"),
        2 => format!("({a}) {b}-{c}"),
        3 => format!("+49 30 {b}{c}"),
        4 => format!("0{a}/{b}{c}"),
        5 => format!("+33 1 {} {} {} {}", &c[..2], &c[2..], &b[..2], &a[..2]),
        6 => format!("{a}.{b}.{c}"),
        _ => format!("+44{a}{b}{c}"),
    })
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// Creates those of the first `count` clients that were never there, on behalf of `caller`, and
/// says how many those were. A progress bar shows on standard error where that is a terminal.
///
/// # Errors
/// When the table fails. What was created stays, and the next call goes on from there.
pub async fn fill(app: &App, caller: &Caller, count: u32) -> Result<u32> {
    let there = identifiers(app, caller).await.context("cannot read which clients there are")?;
    let made: Vec<(ClientId, NewClient)> =
        (0..count).map(client).collect::<Result<_, _>>().map_err(anyhow::Error::msg)?;
    let missing: Vec<_> = made.into_iter().filter(|(id, _)| !there.contains(id)).collect();
    let total = u32::try_from(missing.len())?;
    let bar = ProgressBar::new(u64::from(total)).with_style(
        ProgressStyle::with_template("Creating clients {bar:40} {human_pos}/{human_len} ({eta} left)")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.enable_steady_tick(Duration::from_millis(200));
    stream::iter(missing)
        .map(|(id, new)| {
            let bar = &bar;
            async move {
                let stamp = WriteContext { caller: caller.clone(), at: app.clock.now() };
                app.store.create(&stamp, id, new, None).await.map(|_| bar.inc(1))
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await
        .context("cannot create the demo clients")?;
    bar.finish_and_clear();
    Ok(total)
}

/// All clients that are in the organization's change feed, the deleted ones included: what was
/// deleted on purpose is not to come back.
async fn identifiers(app: &App, caller: &Caller) -> Result<HashSet<ClientId>> {
    let mut found = HashSet::new();
    let mut cursor = None;
    loop {
        let page = app.store.feed(&caller.org, None, cursor).await?;
        found.extend(page.changes.iter().map(|change| match change {
            Change::Upsert(there) => there.client.id,
            Change::Remove { id, .. } => *id,
        }));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Clock;
    use shared::store::{Store, Tables};

    use super::*;
    use crate::{
        engine::Engine,
        setup::{self, KeySource},
    };

    #[test]
    fn the_clients_are_legal_distinct_and_varied() {
        let made: Vec<_> = (0..5_000).map(|n| client(n).unwrap()).collect();
        let ids: HashSet<_> = made.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), made.len());
        let names: HashSet<_> = made.iter().map(|(_, new)| new.name.as_str()).collect();
        assert!(names.len() > 3_000, "{}", names.len());
        let without_phone = made.iter().filter(|(_, new)| new.phone.is_none()).count();
        let inactive = made.iter().filter(|(_, new)| new.status == Status::Inactive).count();
        let with_notes = made.iter().filter(|(_, new)| new.notes.is_some()).count();
        for count in [without_phone, inactive, with_notes] {
            assert!((400..2_000).contains(&count), "{without_phone} {inactive} {with_notes}");
        }
        assert_eq!(client(7), client(7));
    }

    #[tokio::test]
    async fn asking_again_adds_only_what_is_missing() {
        let engine = Engine::in_memory().await.unwrap();
        let app = App { store: Store::new(engine.config(), Tables::default()), clock: Clock::system() };
        let (_, caller) = setup::prepare(&app, &KeySource::Fresh).await.unwrap();
        assert_eq!(fill(&app, &caller, 40).await.unwrap(), 40);
        assert_eq!(fill(&app, &caller, 40).await.unwrap(), 0);
        assert_eq!(fill(&app, &caller, 30).await.unwrap(), 0);
        assert_eq!(fill(&app, &caller, 50).await.unwrap(), 10);
        assert_eq!(identifiers(&app, &caller).await.unwrap().len(), 50);
    }
}
