//! The format of log events: request lines, which are JSON documents already, as they are; all others
//! as JSON.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Json, JsonFields, Writer},
    },
    registry::LookupSpan,
};

use super::line::TARGET;

/// Writes one line for each event.
pub(super) struct Format {
    json: format::Format<Json>,
}

impl Format {
    pub(super) fn new(json: format::Format<Json>) -> Self {
        Self { json }
    }
}

impl<S> FormatEvent<S, JsonFields> for Format
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    JsonFields: for<'writer> FormatFields<'writer>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, JsonFields>, out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() != TARGET {
            return self.json.format_event(ctx, out, event);
        }
        let mut line = RawLine { out, written: Ok(()) };
        event.record(&mut line);
        line.written
    }
}

struct RawLine<'writer> {
    out: Writer<'writer>,
    written: fmt::Result,
}

impl Visit for RawLine<'_> {
    fn record_str(&mut self, _: &Field, line: &str) {
        self.written = self.out.write_str(line);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
