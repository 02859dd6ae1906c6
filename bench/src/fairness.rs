//! `bench fairness`: the latency of a quiet organization, alone and beside a noisy one, with limits and without.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::{ApiKey, OrgId};
use shared::{
    App,
    rate_limit::{Quotas, RateLimiter},
};
use testkit::{Call, NOBODY, Server};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    lab::Lab,
    people,
    sample::Sample,
    table::{Table, note, three_digits, time, whole},
};

/// The clients of each organization.
const CLIENTS: usize = 1_000;
/// The requests a second of the quiet organization: gets and lists in turn.
const QUIET: u64 = 20;
/// The noisy organization's demand, in multiples of its limit.
const NOISE: u64 = 10;
/// The requests of the noisy organization that are under way at most.
const UNDER_WAY: usize = 200;

/// Arguments of `bench fairness`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The seconds of each measurement: a whole minute has one window of the limits
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The limit of an organization, in requests a minute
    #[arg(long, default_value_t = 1_200)]
    limit: u64,
}

/// Who makes requests, and whether there are limits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    Alone,
    BesideNoise,
    BesideNoiseWithoutLimits,
}

impl Setting {
    const ALL: [Self; 3] = [Self::Alone, Self::BesideNoise, Self::BesideNoiseWithoutLimits];

    fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::BesideNoise => "beside a noisy organization",
            Self::BesideNoiseWithoutLimits => "the same without limits",
        }
    }
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    Runtime::new()?.block_on(async {
        note!(
            "A quiet organization makes {QUIET} requests a second, and a noisy one {NOISE} times its limit of {} a minute: gets",
            whole(args.limit as f64)
        );
        note!("and lists of {CLIENTS} clients in turn, for {} s each, over loopback, on this machine.\n", args.seconds);
        let mut table = Table::new(&["quiet", "requests", "p50", "ratio", "p99", "ratio", "noise admitted", "refused"]);
        let mut alone = None;
        for setting in Setting::ALL {
            let (quiet, noise) = measure(setting, args).await?;
            let shown = [quiet.median(), quiet.percentile(99)];
            let alone = *alone.get_or_insert(shown);
            let mut cells = vec![setting.name().to_owned(), quiet.len().to_string()];
            for (seconds, alone) in shown.into_iter().zip(alone) {
                cells.extend([time(Duration::from_secs_f64(seconds)), three_digits(seconds / alone)]);
            }
            cells.extend([whole(noise.admitted as f64), whole(noise.refused as f64)]);
            table.row(cells);
        }
        println!("{table}");
        Ok(())
    })
}

/// The times of the quiet organization's requests, and what became of the noise.
async fn measure(setting: Setting, args: &Args) -> Result<(Sample, Noise)> {
    let lab = Lab::embedded().await?;
    let limits = Quotas { key: None, organization: Some(args.limit) };
    let rate_limiter = match setting {
        Setting::BesideNoiseWithoutLimits => RateLimiter::default(),
        _ => RateLimiter::new(limits),
    };
    let (quiet, noisy) = (key_of(&lab, "quiet").await?, key_of(&lab, "noisy").await?);
    // The quiet one has no limit in any setting: it is what the others do to it that counts.
    lab.app.store.set_organization_quotas(&"quiet".parse()?, Quotas { key: None, organization: Some(0) }).await?;
    let server = Server::start(&App { rate_limiter, ..lab.app.clone() }).await?;
    for key in [&quiet, &noisy] {
        for at in 0..10 {
            send(&server, key, at).await?;
        }
    }
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let noise = (setting != Setting::Alone)
        .then(|| tokio::spawn(make_noise(server.clone(), noisy, args.limit * NOISE / 60, until)));
    let mut times = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(QUIET)?);
    for at in 0.. {
        pace.tick().await;
        if Instant::now() >= until {
            break;
        }
        let start = Instant::now();
        let status = send(&server, &quiet, at).await?;
        anyhow::ensure!(status < 429, "the quiet organization got {status}");
        times.push(start.elapsed().as_secs_f64());
    }
    let noise = match noise {
        Some(noise) => noise.await.context("the noise ended early")??,
        None => Noise::default(),
    };
    Ok((Sample::of(times), noise))
}

async fn key_of(lab: &Lab, org: &str) -> Result<ApiKey> {
    let org: OrgId = org.parse()?;
    lab.fill(&org, &people::clients(CLIENTS)).await?;
    lab.key(&org).await
}

/// What became of the requests of the noisy organization.
#[derive(Default)]
struct Noise {
    admitted: u64,
    refused: u64,
}

/// Makes requests at a steady rate, whether they are answered in time or not.
async fn make_noise(server: Server, key: ApiKey, per_second: u64, until: Instant) -> Result<Noise> {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second.max(1))?);
    let (mut noise, mut requests) = (Noise::default(), JoinSet::new());
    let mut at = 0;
    while Instant::now() < until || !requests.is_empty() {
        tokio::select! {
            _ = pace.tick(), if Instant::now() < until && requests.len() < UNDER_WAY => {
                let (server, key) = (server.clone(), key.clone());
                requests.spawn(async move { send(&server, &key, at).await });
                at += 1;
            }
            Some(status) = requests.join_next() => match status?? {
                429 => noise.refused += 1,
                _ => noise.admitted += 1,
            },
            else => break,
        }
    }
    Ok(noise)
}

/// Makes a get or a list, and reads the answer.
async fn send(server: &Server, key: &ApiKey, at: u64) -> Result<u16> {
    let call = if at.is_multiple_of(2) { Call::get(NOBODY) } else { Call::list() };
    let response = server.send(&call.key(key)).await?;
    let status = response.status().as_u16();
    response.bytes().await?;
    Ok(status)
}
