//! The faults of requests to S3.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use http_body_util::StreamBody;
use hyper::{
    Response,
    body::{Bytes, Frame, SizeHint},
    header::CONTENT_LENGTH,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::bucket::Answer;

/// The bytes that a slow answer sends at once.
const CHUNK: usize = 1 << 20;

/// The speed of an S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time until the first byte of an answer.
    pub first_byte: Duration,
    /// The bytes per second of a body, in either direction.
    pub bytes_per_second: u64,
}

/// A fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum S3Fault {
    /// No fault.
    None,
    /// The request is answered at this rate.
    Slow(Rate),
    /// The request is refused because of its rate, and has no effect.
    Throttled,
    /// The service fails, and the request has no effect.
    FailedBefore,
    /// The request takes effect, but the service reports a failure.
    FailedAfter,
    /// The caller lacks the permission.
    Forbidden,
    /// There is no such bucket.
    NoBucket,
    /// Another write of the same object is under way, and the request has no effect.
    Conflict,
    /// The connection is dropped, and the request has no effect.
    DroppedBefore,
    /// The request takes effect, and the connection is dropped before the answer.
    DroppedAfter,
    /// The connection is dropped in the middle of the answer's body.
    CutOff,
    /// The answer's body lacks its last byte, and no header says so.
    LacksAByte,
    /// The answer lacks the object's tag.
    LacksATag,
    /// The request has no effect and is never answered.
    Hangs,
}

impl S3Fault {
    /// What happens to a request with a body of `len` bytes before it takes effect: nothing, an answer, or the end of
    /// its connection.
    pub(super) async fn before(self, len: usize) -> io::Result<Option<Answer>> {
        let (status, code) = match self {
            Self::Throttled => (503, "SlowDown"),
            Self::FailedBefore => (500, "InternalError"),
            Self::Forbidden => (403, "AccessDenied"),
            Self::NoBucket => (404, "NoSuchBucket"),
            Self::Conflict => (409, "ConditionalRequestConflict"),
            Self::DroppedBefore => return Err(io::ErrorKind::ConnectionReset.into()),
            Self::Hangs => std::future::pending().await,
            Self::Slow(rate) => {
                sleep(rate.first_byte + rate.time_of(len)).await;
                return Ok(None);
            }
            _ => return Ok(None),
        };
        Ok(Some(Answer::error(status, code)))
    }

    /// What becomes of the answer.
    pub(super) async fn after(self, mut answer: Answer) -> io::Result<Response<Body>> {
        match self {
            Self::FailedAfter => return Ok(Answer::error(500, "InternalError").into_response()),
            Self::DroppedAfter => return Err(io::ErrorKind::ConnectionReset.into()),
            Self::LacksAByte => answer.body.truncate(answer.body.len().saturating_sub(1)),
            Self::LacksATag => drop(answer.head.headers_mut().remove(hyper::header::ETAG)),
            Self::CutOff => {
                let len = answer.body.len();
                answer.head.headers_mut().insert(CONTENT_LENGTH, len.into());
                return Ok(answer.head.map(|()| Body::cut_off(answer.body.slice(..len / 2))));
            }
            Self::Slow(rate) => return Ok(answer.head.map(|()| Body::slow(answer.body, rate))),
            _ => {}
        }
        Ok(answer.into_response())
    }
}

impl Rate {
    fn time_of(self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64)
    }
}

type Frames = Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>;

/// The body of an answer.
pub(super) struct Body {
    frames: StreamBody<Frames>,
    /// The length, if it is not a lie.
    len: Option<u64>,
}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        let len = Some(bytes.len() as u64);
        Self { frames: StreamBody::new(stream::iter([Ok(Frame::data(bytes))]).boxed()), len }
    }

    fn cut_off(bytes: Bytes) -> Self {
        let frames = [Ok(Frame::data(bytes)), Err(io::ErrorKind::ConnectionReset.into())];
        Self { frames: StreamBody::new(stream::iter(frames).boxed()), len: None }
    }

    fn slow(bytes: Bytes, rate: Rate) -> Self {
        let (start, len) = (Instant::now(), bytes.len());
        let frames = stream::iter((0..len).step_by(CHUNK)).then(move |first| {
            let chunk = bytes.slice(first..len.min(first + CHUNK));
            async move {
                sleep_until(start + rate.time_of(first + chunk.len())).await;
                Ok(Frame::data(chunk))
            }
        });
        Self { frames: StreamBody::new(frames.boxed()), len: Some(len as u64) }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.frames).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
