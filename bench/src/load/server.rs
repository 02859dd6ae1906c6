//! The server process of `bench load`: this program as `bench serve`, so that its memory can be measured. It ends
//! with its standard input, so it cannot outlive its parent.

use std::{env, net::Ipv4Addr, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};
use domain::{ApiKey, OrgId};
use local::gateway;
use shared::telemetry;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    runtime::Runtime,
};

use crate::{lab::Lab, people};

/// Arguments of `bench serve`.
#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// The folder of the database
    #[arg(long)]
    folder: PathBuf,
    /// The number of clients in the organization
    #[arg(long)]
    clients: usize,
}

/// Serves an organization, and prints its address and key.
pub(crate) fn serve(args: &ServeArgs) -> Result<()> {
    // Format the log lines as in production, but discard them.
    telemetry::init_with(std::io::sink);
    Runtime::new()?.block_on(async {
        let lab = Lab::on_disk(&args.folder).await?;
        let org: OrgId = "bench".parse()?;
        lab.fill(&org, &people::clients(args.clients)).await?;
        let key = lab.key(&org).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{} {}", listener.local_addr()?, key.reveal());
        let end_of_input = async {
            // An error ends it, too.
            drop(tokio::io::stdin().read(&mut [0]).await);
        };
        Ok(gateway::serve(listener, local::services(&lab.app), None, end_of_input).await?)
    })
}

/// A running server process.
pub(crate) struct Server {
    /// Its host and port.
    pub(crate) address: String,
    /// A key of its organization.
    pub(crate) key: ApiKey,
    child: Child,
    pid: u32,
    _folder: TempDir,
}

impl Server {
    /// Starts the process and waits until it serves.
    pub(crate) async fn start(clients: usize) -> Result<Self> {
        let folder = TempDir::with_prefix("bench-load-")?;
        let mut child = Command::new(env::current_exe()?)
            .arg("serve")
            .arg("--folder")
            .arg(folder.path())
            .args(["--clients", &clients.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the serving process")?;
        let pid = child.id().context("the serving process has ended")?;
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut greeting).await?;
        let Some((address, key)) = greeting.trim().split_once(' ') else { bail!("the serving process did not start") };
        Ok(Self { address: address.to_owned(), key: key.parse()?, child, pid, _folder: folder })
    }

    /// The process identifier.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Stops the process and waits for its end. It is an error if it has ended before.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the serving process ended by itself: {status}");
        }
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        if !status.success() {
            bail!("the serving process failed: {status}");
        }
        Ok(())
    }
}
