//! A temporary PostgreSQL cluster on a Unix socket. It is deleted when it is dropped.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// Settings under which all data is cached and no sort spills, with planner costs for data in memory. Writes are
/// not measured and need not be durable.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "''"),
    ("shared_buffers", "'2GB'"),
    ("effective_cache_size", "'4GB'"),
    ("work_mem", "'256MB'"),
    ("maintenance_work_mem", "'1GB'"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
    ("autovacuum", "off"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_wal_size", "'8GB'"),
];

/// A running cluster.
pub(crate) struct Cluster {
    folder: TempDir,
    binaries: PathBuf,
}

impl Cluster {
    /// Starts a cluster; `None` if no server binaries are in `PATH` or `/usr/lib/postgresql`.
    pub(crate) fn start() -> Result<Option<Self>> {
        let Some(binaries) = binaries() else {
            return Ok(None);
        };
        let cluster = Self { folder: TempDir::with_prefix("bench-pg-")?, binaries };
        if is_root() {
            run(Command::new("chown").arg("nobody").arg(cluster.folder.path()))?;
        }
        let data = cluster.data();
        run(cluster
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(&data))?;
        let mut options = format!("-k {}", cluster.folder.path().display());
        SETTINGS.iter().for_each(|(name, value)| options += &format!(" -c {name}={value}"));
        let log = cluster.folder.path().join("log");
        run(cluster
            .command("pg_ctl")
            .arg("start")
            .arg("-w")
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(log)
            .args(["-o", &options]))?;
        Ok(Some(cluster))
    }

    /// Opens a connection over the Unix socket.
    pub(crate) fn connect(&self) -> Result<Client> {
        let params = format!("host={} user=postgres", self.folder.path().display());
        Ok(Client::connect(&params, NoTls)?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs one of the server's programs. They refuse to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop = run(self.command("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(self.data()));
        if let Err(error) = stop {
            eprintln!("PostgreSQL did not stop: {error}");
        }
    }
}

fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::split_paths(&path)
        .chain(installed.map(|version| version.path().join("bin")))
        .find(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).exists()))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == 0)
}

fn run(command: &mut Command) -> Result<()> {
    // No pipe: the server that pg_ctl starts would keep it open.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if !status.success() {
        bail!("{}: {status}", command.get_program().display());
    }
    Ok(())
}
