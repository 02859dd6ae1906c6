//! The process of one function, behind a stand-in for the Lambda Runtime API.

use std::{
    collections::HashMap,
    io,
    ops::Deref,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{self, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{ClientId, limits::WRITE_TIMEOUT};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};

use crate::{Answer, Call, instance::millis_since_epoch};

/// The platform's own limit on the time from a start to the first poll.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time for a line that was written to be read.
const LOG_DELAY: Duration = Duration::from_secs(2);

/// The process of a function. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Function {
    process: Child,
    platform: Arc<Platform>,
    started: Instant,
    stdout: Lines,
    stderr: Lines,
}

/// One invocation of a function, answered.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The identifier that the platform gave it.
    pub request_id: String,
    /// The function's answer.
    pub answer: Answer,
    /// The time from the delivery of the event to the answer.
    pub duration: Duration,
}

impl Deref for Invocation {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

impl Function {
    /// Starts a binary as the platform does, with these variables besides the platform's own.
    ///
    /// # Errors
    /// Fails if there is no free port or the binary cannot be run.
    pub async fn start(binary: &Path, variables: &[(&str, &str)]) -> io::Result<Self> {
        Self::run(Command::new(binary), variables).await
    }

    /// Starts a command as [`start`](Self::start) does a binary, for functions that need an interpreter.
    ///
    /// # Errors
    /// Fails if there is no free port or the command cannot be run.
    pub async fn run(mut command: Command, variables: &[(&str, &str)]) -> io::Result<Self> {
        let (queue, invocations) = mpsc::unbounded_channel();
        let platform = Arc::new(Platform {
            queue,
            invocations: tokio::sync::Mutex::new(invocations),
            waiting: Mutex::default(),
            first_poll: watch::Sender::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(axum::serve(listener, platform.clone().router()).into_future());
        let started = Instant::now();
        let mut process = command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function-under-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function-under-test")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/31/[$LATEST]0123456789abcdef")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = Lines::of(process.stdout.take());
        let stderr = Lines::of(process.stderr.take());
        Ok(Self { process, platform, started, stdout, stderr })
    }

    /// The process's identifier, until the process is known to have ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Asks the process to end, and waits until it has.
    ///
    /// # Errors
    /// Fails if the process cannot be asked.
    pub async fn terminate(mut self) -> io::Result<ExitStatus> {
        let pid = self.pid().map(|pid| pid.to_string()).unwrap_or_default();
        Command::new("kill").arg(pid).status().await?;
        self.process.wait().await
    }

    /// Waits for the function's first poll. Gives the time from the start of the process to it.
    ///
    /// # Panics
    /// Panics if the function does not poll in time.
    pub async fn first_poll(&self) -> Duration {
        let mut polled = self.platform.first_poll.subscribe();
        let polled = tokio::time::timeout(INIT_TIMEOUT, polled.wait_for(Option::is_some)).await;
        let polled = polled.expect("a poll in time").expect("the platform outlives its function");
        polled.map(|polled| polled - self.started).unwrap_or_default()
    }

    /// Invokes the function with a call, within the timeout of the call's endpoint.
    ///
    /// # Panics
    /// Panics as [`invoke`](Self::invoke) does.
    pub async fn answer(&self, call: &Call) -> Invocation {
        let timeout = call.endpoint().map_or(WRITE_TIMEOUT, |endpoint| endpoint.timeout);
        self.invoke(call.event(), timeout).await
    }

    /// Invokes the function with an event, within a timeout.
    ///
    /// # Panics
    /// Panics if there is no answer by then, or if the function reports an error instead: the caller of
    /// the API would see the platform's 500 or 504, and not an answer of ours.
    pub async fn invoke(&self, event: Value, timeout: Duration) -> Invocation {
        let request_id = ClientId::random().to_string();
        let (answered, response) = oneshot::channel();
        self.platform.waiting().insert(request_id.clone(), Waiting { delivered: None, answered });
        let pending = Pending { request_id: request_id.clone(), deadline: millis_since_epoch(timeout), event };
        self.platform.queue.send(pending).expect("the platform outlives its function");
        let response = tokio::time::timeout(timeout, response).await.expect("an answer before the deadline");
        let (response, duration) = response.expect("one answer to each invocation");
        let response = response.expect("a response, not an error");
        Invocation { request_id, answer: Answer::from_payload(&response), duration }
    }

    /// The log line of an invocation.
    ///
    /// # Panics
    /// Panics if there is none, or more than one.
    pub async fn log_line(&self, invocation: &Invocation) -> Value {
        let request_id = &invocation.request_id;
        let is_its = |line: &String| line.contains(request_id.as_str());
        let start = Instant::now();
        while !self.stdout.read().iter().any(is_its) && start.elapsed() < LOG_DELAY {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let lines: Vec<String> = self.stdout.read().iter().filter(|line| is_its(line)).cloned().collect();
        assert_eq!(lines.len(), 1, "one line for {request_id}: {lines:?}");
        serde_json::from_str(&lines[0]).expect("a log line is JSON")
    }

    /// The log so far: the lines on the standard output.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.stdout.read().clone()
    }

    /// Everything written so far, on the standard output and the standard error.
    #[must_use]
    pub fn everything_written(&self) -> String {
        [self.stdout.read().join("\n"), self.stderr.read().join("\n")].concat()
    }

    /// The exit status, if the process has ended.
    ///
    /// # Errors
    /// Fails if the operating system does not say.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }
}

/// An invocation that the function has not polled yet.
struct Pending {
    request_id: String,
    /// In milliseconds since 1970.
    deadline: u64,
    event: Value,
}

/// A function's report: a response, or an error.
type Report = Result<Value, String>;

/// An invocation without an answer.
struct Waiting {
    delivered: Option<Instant>,
    /// Takes the report, and the time from the delivery to it.
    answered: oneshot::Sender<(Report, Duration)>,
}

/// The stand-in for the platform.
struct Platform {
    queue: mpsc::UnboundedSender<Pending>,
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Pending>>,
    waiting: Mutex<HashMap<String, Waiting>>,
    first_poll: watch::Sender<Option<Instant>>,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Platform")
    }
}

impl Platform {
    fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(Self::next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(Self::response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(Self::error))
            .route("/2018-06-01/runtime/init/error", post(Self::init_error))
            .with_state(self)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers when there is an invocation, however long that takes.
    async fn next(State(platform): State<Arc<Self>>) -> Response {
        let polled = Instant::now();
        platform.first_poll.send_if_modified(|first| first.is_none() && first.replace(polled).is_none());
        let Some(Pending { request_id, deadline, event }) = platform.invocations.lock().await.recv().await else {
            return StatusCode::GONE.into_response();
        };
        if let Some(waiting) = platform.waiting().get_mut(&request_id) {
            waiting.delivered = Some(Instant::now());
        }
        let headers = [
            ("lambda-runtime-aws-request-id", request_id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:function-under-test".to_owned(),
            ),
            ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
        ];
        (headers, Json(event)).into_response()
    }

    async fn response(
        State(platform): State<Arc<Self>>,
        extract::Path(id): extract::Path<String>,
        body: String,
    ) -> StatusCode {
        platform.settle(&id, serde_json::from_str(&body).map_err(|error| format!("{error}: {body}")))
    }

    async fn error(
        State(platform): State<Arc<Self>>,
        extract::Path(id): extract::Path<String>,
        body: String,
    ) -> StatusCode {
        platform.settle(&id, Err(body))
    }

    /// A function that cannot start fails every invocation.
    async fn init_error(State(platform): State<Arc<Self>>, body: String) -> StatusCode {
        for (_, waiting) in platform.waiting().drain() {
            drop(waiting.answered.send((Err(body.clone()), Duration::ZERO)));
        }
        StatusCode::ACCEPTED
    }

    /// Takes one report of each invocation, as the real platform does.
    fn settle(&self, id: &str, report: Report) -> StatusCode {
        match self.waiting().remove(id) {
            Some(Waiting { delivered, answered }) => {
                drop(answered.send((report, delivered.map(|at| at.elapsed()).unwrap_or_default())));
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

/// The lines of a stream, as far as they have been read.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn of(stream: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        let lines = Self::default();
        if let Some(stream) = stream {
            let (read, mut stream) = (lines.clone(), BufReader::new(stream).lines());
            tokio::spawn(async move {
                while let Ok(Some(line)) = stream.next_line().await {
                    read.read().push(line);
                }
            });
        }
        lines
    }

    fn read(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
