//! The log line of the work on a replica after an answer. Like a request's line, it is also a document in CloudWatch's
//! embedded metric format.

use std::time::{Duration, SystemTime};

use domain::{OrgId, Timestamp};
use metrique_writer::{Entry as Document, format::Format as _, unit::AsCount};
use metrique_writer_format_emf::{Emf, NoMetric};
use tracing::Level;

use super::line::{DIMENSION, NAMESPACE, TARGET, function_from_env};

/// The name of the metric of the lines of upkeep: the number of differences between a replica and the table. Each is a
/// sign of a fault.
pub const REPLICA_DIFFERENCES: &str = "replica_differences";

/// What was done after an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// The outcome of the attempt to write a checkpoint, if there was one: `written`, or the reason why not.
    pub checkpoint: Option<&'static str>,
    /// The length of the checkpoint that was written.
    pub bytes: Option<usize>,
    /// The differences that a comparison with the table found and corrected, if one ended.
    pub differences: Option<usize>,
}

#[derive(Document)]
struct Line<'line> {
    #[entry(timestamp)]
    at: SystemTime,
    timestamp: &'line str,
    level: &'line str,
    message: &'line str,
    function: &'line str,
    org: &'line str,
    duration_ms: NoMetric<f64>,
    checkpoint: Option<&'line str>,
    checkpoint_bytes: Option<NoMetric<usize>>,
    replica_differences: AsCount<u64>,
}

impl Upkeep {
    /// Writes the line.
    pub fn write(&self, org: &OrgId, took: Duration) {
        if self.differences.is_some_and(|differences| differences > 0) {
            tracing::event!(target: TARGET, Level::ERROR, line = self.document("ERROR", org, took).as_str());
        } else {
            tracing::event!(target: TARGET, Level::INFO, line = self.document("INFO", org, took).as_str());
        }
    }

    fn document(&self, level: &str, org: &OrgId, took: Duration) -> String {
        let now = SystemTime::now();
        let line = Line {
            at: now,
            timestamp: &Timestamp::from(now).to_string(),
            level,
            message: "upkeep",
            function: &function_from_env(),
            org: org.as_str(),
            duration_ms: (took.as_micros() as f64 / 1000.0).into(),
            checkpoint: self.checkpoint,
            checkpoint_bytes: self.bytes.map(Into::into),
            replica_differences: (self.differences.unwrap_or_default() as u64).into(),
        };
        let mut document = Vec::new();
        let mut emf = Emf::builder(NAMESPACE.to_owned(), vec![vec![DIMENSION.to_owned()]]).build();
        let written = emf.format(&line, &mut document).map_err(|error| error.to_string());
        // The test shows that the line breaks no rule of the format.
        written.ok().and_then(|()| String::from_utf8(document).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_line_says_what_was_done_and_is_a_metric_document() {
        let upkeep = Upkeep { checkpoint: Some("written"), bytes: Some(60), differences: Some(2) };
        let document = upkeep.document("ERROR", &"acme".parse().unwrap(), Duration::from_millis(7));
        assert_eq!(document.find('\n'), Some(document.len() - 1), "one line: {document}");
        let line: Value = serde_json::from_str(&document).unwrap();
        for (field, value) in [
            ("message", json!("upkeep")),
            ("org", json!("acme")),
            ("duration_ms", json!(7)),
            ("checkpoint", json!("written")),
            ("checkpoint_bytes", json!(60)),
            (REPLICA_DIFFERENCES, json!(2)),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!(NAMESPACE), &json!([[DIMENSION]])));
        assert_eq!(directive["Metrics"][0]["Name"], REPLICA_DIFFERENCES);
    }
}
