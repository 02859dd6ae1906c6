//! Plausible demo clients. The n-th one is always the same, so asking for N clients again adds only the
//! missing ones.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context, Result, anyhow};
use domain::{Caller, Change, ClientId, NewClient};
use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use shared::{App, store::WriteContext};

/// Mixed with a client's number, so that neighbours have nothing in common.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// The number of writes in progress at the same time.
const IN_FLIGHT: usize = 32;

const GIVEN: &str = "\
    José,Zoë,Søren,Łukasz,Åsa,Nguyễn,François,Müge,Chloé,Jürgen,Ana,Óscar,Siân,Dvořák,İbrahim,Renée,\
    Björn,Anaïs,Günther,Mária,Tomás,Ingrid,Kofi,Amélie,Liam,Olivia,Noah,Emma,Mateo,Sofía,Yuki,Hana,Wei,\
    Mei,Arjun,Priya,Омар,Наталья,Ἑλένη,Γιώργος,美咲,健太,유진,민준,Fatima,Yusuf,John,Jane";
const FAMILY: &str = "\
    García,Müller,Åkesson,Østergård,Nowak,Wójcik,Dupré,Lefèvre,Strauß,Šimić,Novák,Yılmaz,Çelik,O'Connor,\
    D'Angelo,Smith-Jones,Nuñez,Peña,Gonçalves,Araújo,Þórsson,Kovács,Szabó,Popescu,Ionescu,Ivanov,\
    Петрова,Иванов,Παπαδόπουλος,Doe,Smith,Brown,Taylor,van der Berg,de la Cruz,Nakamura,佐藤,田中,김,이,Zhang,\
    Li,Singh,Patel,Okafor,Mensah,Haddad,Cohen";
const TRADE: &str = "\
    Café,Bäckerei,Électricité,Dental Clinic,Consulting,Garten & Landschaft,Logistics,Studio,Pâtisserie,\
    Peluquería,Bau,Solar";
const FORM: &str = "GmbH,Ltd.,S.A.,Inc.,& Söhne,AB,S.r.l.,LLC";
const NOTES: [&str; 10] = [
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
/// Fails if the client breaks the rules of the API, which none does.
pub fn client(n: u32) -> Result<(ClientId, NewClient)> {
    let mut rng = Rng::with_seed(SEED ^ u64::from(n));
    let id = ClientId::from_bits(rng.u128(..).to_be_bytes());
    let name = name(&mut rng);
    let phone = phone(&mut rng);
    let status = if rng.u8(..4) == 0 { "inactive" } else { "active" };
    let notes = (rng.u8(..5) == 0).then(|| NOTES[rng.usize(..NOTES.len())]);
    let body = json!({ "name": name, "phone": phone, "status": status, "notes": notes });
    let new = NewClient::parse(body.to_string().as_bytes());
    Ok((id, new.map_err(|_| anyhow!("demo client {n} breaks the rules of the API"))?))
}

fn name(rng: &mut Rng) -> String {
    let family = pick(rng, FAMILY);
    match rng.u8(..10) {
        0 => format!("{} {family} {}", pick(rng, TRADE), pick(rng, FORM)),
        1 => format!("{} {} {family}", pick(rng, GIVEN), pick(rng, GIVEN)),
        2 => format!("{} {family}-{}", pick(rng, GIVEN), pick(rng, FAMILY)),
        3 => format!("{family}, {}", pick(rng, GIVEN)).to_uppercase(),
        _ => format!("{} {family}", pick(rng, GIVEN)),
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

/// One of several texts that are separated by commas.
fn pick<'a>(rng: &mut Rng, texts: &'a str) -> &'a str {
    let count = texts.split(',').count();
    texts.split(',').nth(rng.usize(..count)).unwrap_or_default()
}

/// Creates those of the first `count` clients that never existed, on behalf of `caller`, and gives their
/// number. If standard error is a terminal, it shows a progress bar.
///
/// # Errors
/// Fails if the table does. Clients that were created stay, and the next call continues.
pub async fn fill(app: &App, caller: &Caller, count: u32) -> Result<u32> {
    let existing = identifiers(app, caller).await.context("cannot read the existing clients")?;
    let all = (0..count).map(client).collect::<Result<Vec<_>>>()?;
    let missing: Vec<_> = all.into_iter().filter(|(id, _)| !existing.contains(id)).collect();
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
                let context = WriteContext::new(caller.clone(), app.clock.now());
                app.store.create(&context, id, new, None).await.map(|_| bar.inc(1))
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await
        .context("cannot create the demo clients")?;
    bar.finish_and_clear();
    Ok(total)
}

/// All clients in the organization's change feed. The deleted ones are included: a client that was deleted
/// on purpose must not come back.
async fn identifiers(app: &App, caller: &Caller) -> Result<HashSet<ClientId>> {
    let mut found = HashSet::new();
    let mut cursor = None;
    loop {
        let page = app.store.feed(&caller.org, None, cursor).await?;
        found.extend(page.changes.iter().map(Change::id));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Status;
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
        assert_eq!(client(7).unwrap(), client(7).unwrap());
    }

    #[tokio::test]
    async fn asking_again_adds_only_the_missing_clients() {
        let engine = Engine::in_memory().await.unwrap();
        let app = App::on(Store::new(engine.config(), Tables::default()));
        let (_, caller) = setup::prepare(&app, &KeySource::Fresh).await.unwrap();
        assert_eq!(fill(&app, &caller, 40).await.unwrap(), 40);
        assert_eq!(fill(&app, &caller, 40).await.unwrap(), 0);
        assert_eq!(fill(&app, &caller, 30).await.unwrap(), 0);
        assert_eq!(fill(&app, &caller, 50).await.unwrap(), 10);
        assert_eq!(identifiers(&app, &caller).await.unwrap().len(), 50);
    }
}
