//! The process that takes the load, so that its memory is its own: this program again, as `serve`.
//! It serves until its standard input ends, which it does at the latest with the one that started it.

use std::{env, net::Ipv4Addr, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};
use local::gateway;
use shared::{ApiKey, Client, OrgId, telemetry};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    runtime::Runtime,
};

use crate::{lab::Lab, people};

/// What to serve.
#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// Where the database goes
    #[arg(long)]
    folder: PathBuf,
    /// How many clients the organization has
    #[arg(long)]
    clients: usize,
}

/// Serves, and says on standard output where, and with which key.
pub(crate) fn serve(args: &ServeArgs) -> Result<()> {
    // Written, as everywhere, but to nowhere.
    telemetry::init_with(std::io::sink);
    Runtime::new()?.block_on(async {
        let lab = Lab::on_disk(&args.folder).await?;
        let org: OrgId = "bench".parse()?;
        let clients: Vec<Client> = people::clients(args.clients).into_iter().map(|feed| feed.client).collect();
        lab.fill(&org, &clients).await?;
        let key = lab.key(&org).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{} {}", listener.local_addr()?, key.reveal());
        let end_of_input = async {
            // An error is an end, too.
            drop(tokio::io::stdin().read(&mut [0]).await);
        };
        Ok(gateway::serve(listener, local::endpoints(&lab.app), end_of_input).await?)
    })
}

/// The process, seen from outside.
pub(crate) struct Server {
    /// Its host and port.
    pub(crate) address: String,
    /// A key to its organization.
    pub(crate) key: ApiKey,
    child: Child,
    pid: u32,
    _folder: TempDir,
}

impl Server {
    /// Starts it, and waits until it serves.
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

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends it, and waits for that. It must not have ended before.
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
