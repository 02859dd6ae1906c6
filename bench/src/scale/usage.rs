//! The requests that `docs/scale.md` measures.

use anyhow::{Context, Result, ensure};
use domain::{OrgId, limits::NOTES_CHARS};
use serde_json::json;
use testkit::Call;

use super::{
    item_size::{IS_CLIENT, IS_TOMBSTONE, ItemSize},
    meter::{Fresh, Meter, Usage},
};
use crate::{lab::Lab, load::work::Kind, people};

/// The number of clients in the small organization and in the one with long notes.
const SMALL: usize = 1_000;
/// The number of clients in the large organization.
pub(crate) const LARGE: usize = 100_000;
/// The suffix of the cases with the longest notes.
pub(crate) const LONG: &str = ", longest notes";
const SHORT_NOTES: &str = "Prefers e-mail. Met at the fair.";

/// The measurements of a run.
pub(crate) struct Measured {
    pub(crate) usages: Vec<Usage>,
    pub(crate) typical: ItemSize,
    pub(crate) with_longest_notes: ItemSize,
    pub(crate) tombstone: ItemSize,
}

impl Measured {
    /// Fills three organizations and measures every case on them.
    pub(crate) async fn new(lab: &Lab) -> Result<Self> {
        let clients = people::clients(SMALL);
        let with_longest_notes = people::clients_with_notes(SMALL, NOTES_CHARS);
        let longest_notes = with_longest_notes[0].notes.clone().context("the client has notes")?.as_str().to_owned();
        let (small_org, large_org, long_org) = (org("small")?, org("large")?, org("longest-notes")?);
        lab.fill(&small_org, &clients).await?;
        lab.fill(&large_org, &people::clients(LARGE)).await?;
        lab.fill(&long_org, &with_longest_notes).await?;
        let typical = ItemSize::mean(lab, &small_org, IS_CLIENT).await?;
        let with_longest_notes = ItemSize::mean(lab, &long_org, IS_CLIENT).await?;

        let id = |at: usize| clients[at].id;
        let plain_list = |_| Call::list();
        let compressed = |call: Call| call.header("accept-encoding", "gzip");
        let list = |_| compressed(Call::list());
        let search = |at: usize| {
            let start: String = clients[at].name.as_str().chars().take(5).collect();
            compressed(Call::list().parameters(&[("query", &start)]))
        };
        let get = |at: usize| Call::get(&id(at).to_string());
        let create = |notes: &str| {
            let body = json!({ "name": "Aisha Kowalczyk", "phone": "+1 555-0100", "notes": notes });
            move |_| Call::create(&body)
        };
        let update = |at: usize| Call::update(&id(at).to_string(), &json!({ "phone": format!("+1 555-{at:04}") }));
        let delete = |at: usize| Call::delete(&id(SMALL - 1 - at).to_string());

        let mut meter = Meter::new(lab)?;
        // Lists come first: the writes of the other cases would be in their overlap.
        meter.measure("list of 1,000", &small_org, Some(Kind::List), Fresh::Nothing, list).await?;
        meter.measure("list of 1,000, plain", &small_org, None, Fresh::Nothing, plain_list).await?;
        meter.measure("search in 1,000", &small_org, Some(Kind::Search), Fresh::Nothing, search).await?;
        meter.measure("list of 100,000", &large_org, None, Fresh::Nothing, list).await?;
        meter.measure(&format!("list{LONG}"), &long_org, None, Fresh::Nothing, list).await?;
        meter.measure(&format!("list{LONG}, plain"), &long_org, None, Fresh::Nothing, plain_list).await?;
        meter.measure("list of 1,000, first load", &small_org, None, Fresh::Functions, list).await?;
        meter.measure("list of 100,000, first load", &large_org, None, Fresh::Functions, list).await?;
        meter.measure("get, new key", &small_org, None, Fresh::Key, get).await?;
        for (suffix, org, notes) in [("", &small_org, SHORT_NOTES), (LONG, &long_org, &longest_notes)] {
            let mix = |kind| suffix.is_empty().then_some(kind);
            meter.measure(&format!("get{suffix}"), org, mix(Kind::Get), Fresh::Nothing, get).await?;
            meter.measure(&format!("create{suffix}"), org, mix(Kind::Create), Fresh::Nothing, create(notes)).await?;
            meter.measure(&format!("update{suffix}"), org, mix(Kind::Update), Fresh::Nothing, update).await?;
            meter.measure(&format!("delete{suffix}"), org, mix(Kind::Delete), Fresh::Nothing, delete).await?;
        }

        let tombstone = ItemSize::mean(lab, &small_org, IS_TOMBSTONE).await?;
        let measured = Self { usages: meter.usages, typical, with_longest_notes, tombstone };
        measured.check_units("", typical)?;
        measured.check_units(LONG, with_longest_notes)?;
        Ok(measured)
    }

    /// The usage of the case with this name.
    pub(crate) fn usage(&self, name: &str) -> Result<&Usage> {
        self.usages.iter().find(|usage| usage.name == name).with_context(|| format!("there is no case `{name}`"))
    }

    /// The mean of a figure over the mix of `bench load`.
    pub(crate) fn mix(&self, figure: impl Fn(&Usage) -> f64) -> f64 {
        self.usages.iter().filter_map(|usage| Some(f64::from(usage.kind?.share()) / 100.0 * figure(usage))).sum()
    }

    /// The read units of authentication: a write reads its key and nothing else.
    pub(crate) fn key_units(&self) -> Result<f64> {
        Ok(self.usage("create")?.read_units)
    }

    /// Fails if the engine charges other units than DynamoDB's rules give for items of this size.
    fn check_units(&self, suffix: &str, size: ItemSize) -> Result<()> {
        let [read, create, change] = size.units();
        for (name, reads, writes) in
            [("get", read, 0.0), ("create", 0.0, create), ("update", 0.0, change), ("delete", 0.0, change)]
        {
            let usage = self.usage(&format!("{name}{suffix}"))?;
            let (expected, charged) = ((self.key_units()? + reads, writes), (usage.read_units, usage.write_units));
            ensure!(charged == expected, "{}: the engine charges {charged:?}, DynamoDB {expected:?}", usage.name);
        }
        Ok(())
    }
}

/// An identifier as long as a UUID, because it is part of every item.
fn org(name: &str) -> Result<OrgId> {
    Ok(format!("{name:-<36}").parse()?)
}
