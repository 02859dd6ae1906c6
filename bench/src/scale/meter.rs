//! A meter of requests: sends a case's requests to functions of its own and reads their usage from their log lines.

use std::{
    future,
    io::{self, Read},
    net::Ipv4Addr,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use domain::OrgId;
use local::gateway;
use serde_json::Value;
use shared::telemetry;
use tempfile::NamedTempFile;
use testkit::{Call, Server};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{lab::Lab, load::work::Kind, sample::Sample};

/// The estimated time of a call to DynamoDB on AWS. The embedded engine takes less.
const ROUND_TRIP: Duration = Duration::from_millis(5);
/// The requests of a case. The first is not counted: it opens the connection and warms the function.
const REQUESTS: usize = 101;
/// The same for first loads, which are slow.
const FIRST_LOADS: usize = 4;

/// The usage of one request: the median of its case.
pub(crate) struct Usage {
    pub(crate) name: String,
    /// The requests of the mixed load that this case stands for.
    pub(crate) kind: Option<Kind>,
    pub(crate) memory_mb: u32,
    pub(crate) calls: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// The handler's time on this machine.
    pub(crate) handler: Duration,
    /// The estimated time on AWS: the handler's, and a round trip for each call that it waits for.
    pub(crate) on_aws: Duration,
    pub(crate) log_bytes: f64,
    pub(crate) body_bytes: f64,
    /// The size of the replica, if the request is a list.
    pub(crate) replica_bytes: Option<f64>,
}

/// The part that is new to each request of a case.
#[derive(PartialEq, Eq)]
pub(crate) enum Fresh {
    Nothing,
    Key,
    Functions,
}

/// A meter on the tables of a lab.
pub(crate) struct Meter<'a> {
    lab: &'a Lab,
    /// The log of this process.
    log: NamedTempFile,
    pub(crate) usages: Vec<Usage>,
}

impl<'a> Meter<'a> {
    /// A meter that captures the log of this process. A process has one at most.
    pub(crate) fn new(lab: &'a Lab) -> Result<Self> {
        let log = NamedTempFile::new()?;
        let writer = Arc::new(log.reopen()?);
        telemetry::init_with(move || writer.clone());
        Ok(Self { lab, log, usages: Vec::new() })
    }

    /// Notes the median usage of a case. `call` makes the request with a number.
    pub(crate) async fn measure(
        &mut self,
        name: &str,
        org: &OrgId,
        kind: Option<Kind>,
        fresh: Fresh,
        call: impl Fn(usize) -> Call,
    ) -> Result<()> {
        let mut functions = start(self.lab).await?;
        let mut key = self.lab.key(org).await?;
        let mut lines = Vec::new();
        for at in 0..if fresh == Fresh::Functions { FIRST_LOADS } else { REQUESTS } {
            match fresh {
                Fresh::Nothing => {}
                Fresh::Key => key = self.lab.key(org).await?,
                Fresh::Functions => functions = start(self.lab).await?,
            }
            let answer = functions.0.send(&call(at).key(&key)).await?;
            ensure!(answer.status().is_success(), "{name}: status {}", answer.status());
            let body = answer.bytes().await?;
            let mut line = self.request_line()?;
            line["body_bytes"] = body.len().into();
            lines.push(line);
        }
        let median = |field: &str| {
            let sample = Sample::of(lines.iter().skip(1).filter_map(|line| line[field].as_f64()));
            ensure!(sample.len() == lines.len() - 1, "{name}: request lines without `{field}`");
            Ok(sample.median())
        };
        let endpoint = call(0).endpoint().context("a call of an endpoint")?;
        let calls = median("round_trips")?;
        // A known key is read together with the data: in the same call, or beside it.
        let waits = if endpoint.is_read && fresh == Fresh::Nothing { (calls - 1.0).max(1.0) } else { calls };
        let handler = Duration::from_secs_f64(median("duration_ms")? / 1e3);
        self.usages.push(Usage {
            kind,
            memory_mb: endpoint.memory_mb,
            calls,
            read_units: median("read_units")?,
            write_units: median("write_units")?,
            handler,
            on_aws: handler + ROUND_TRIP.mul_f64(waits),
            log_bytes: median("line_bytes")?,
            body_bytes: median("body_bytes")?,
            replica_bytes: median("replica_bytes").ok(),
            name: name.to_owned(),
        });
        Ok(())
    }

    /// The request line among the lines since the last call, with its own length.
    fn request_line(&mut self) -> Result<Value> {
        let mut lines = String::new();
        self.log.read_to_string(&mut lines)?;
        for line in lines.lines() {
            let mut fields: Value = serde_json::from_str(line)?;
            if fields["message"] == "request" {
                fields["line_bytes"] = line.len().into();
                return Ok(fields);
            }
        }
        bail!("the function logged no request line")
    }
}

/// Starts all functions behind a gateway, cold. They end when the set is dropped.
async fn start(lab: &Lab) -> Result<(Server, JoinSet<io::Result<()>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let server = Server::at(&format!("http://{}/api/v1", listener.local_addr()?));
    let mut gateway = JoinSet::new();
    gateway.spawn(gateway::serve(listener, local::services(&lab.app), None, future::pending()));
    Ok((server, gateway))
}
