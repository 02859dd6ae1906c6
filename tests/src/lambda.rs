//! A stand-in for the Lambda Runtime API, and a function's process that polls it: what the
//! platform does with a binary, without the platform.

use std::{
    collections::HashMap,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{self, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::ClientId;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
};

/// How long a line that was written may take to be read.
const LOG_DELAY: Duration = Duration::from_secs(2);

/// A function's process. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Function {
    process: Child,
    platform: Arc<Platform>,
    stdout: Lines,
    stderr: Lines,
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Invoked {
    /// The id that the platform gave it.
    pub request_id: String,
    /// What the function handed to the platform, in the form of an HTTP API's response.
    pub response: Value,
    /// How long that took.
    pub took: Duration,
}

impl Invoked {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u64 {
        self.response["statusCode"].as_u64().unwrap_or_default()
    }

    /// A header; `null` where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &Value {
        &self.response["headers"][name]
    }

    /// The body as JSON; `null` where there is none.
    #[must_use]
    pub fn body(&self) -> Value {
        self.response["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
    }
}

impl Function {
    /// Starts the binary as the platform would, with these variables besides the platform's own.
    ///
    /// # Errors
    /// When no port can be had or the binary cannot be run.
    pub async fn start(binary: &Path, variables: &[(&str, &str)]) -> io::Result<Self> {
        let (queue, invocations) = mpsc::unbounded_channel();
        let platform =
            Arc::new(Platform { queue, invocations: tokio::sync::Mutex::new(invocations), waiting: Mutex::default() });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(axum::serve(listener, platform.clone().router()).into_future());
        let mut process = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function-under-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function-under-test")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/31/[$LATEST]0123456789abcdef")
            .env("AWS_REGION", "us-east-1")
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
        Ok(Self { process, platform, stdout, stderr })
    }

    /// Has the function answer an event, within the timeout that its template would give it.
    ///
    /// # Panics
    /// When there is no answer by then, or the function reports an error of its own instead: either
    /// way the caller of the API would see the platform's 500 or 504 and not our answer.
    pub async fn invoke(&self, event: Value, timeout: Duration) -> Invoked {
        let request_id = ClientId::random().to_string();
        let (answered, answer) = oneshot::channel();
        self.platform.waiting().insert(request_id.clone(), answered);
        let invocation = Invocation { request_id: request_id.clone(), deadline: SystemTime::now() + timeout, event };
        self.platform.queue.send(invocation).expect("the platform outlives its function");
        let start = Instant::now();
        let response = tokio::time::timeout(timeout, answer).await;
        let response = response.expect("an answer before the deadline").expect("one answer to each invocation");
        let response = response.expect("a response, not an error");
        Invoked { request_id, response, took: start.elapsed() }
    }

    /// The log line of a request.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub async fn log_line(&self, request_id: &str) -> Value {
        let is_its = |line: &String| line.contains(request_id);
        let start = Instant::now();
        while !self.stdout.read().iter().any(is_its) && start.elapsed() < LOG_DELAY {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let lines: Vec<String> = self.stdout.read().iter().filter(|line| is_its(line)).cloned().collect();
        assert_eq!(lines.len(), 1, "one line for {request_id}: {lines:?}");
        serde_json::from_str(&lines[0]).expect("a log line is JSON")
    }

    /// The log so far: the lines on standard output.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.stdout.read().clone()
    }

    /// Everything written so far, on standard output and standard error.
    #[must_use]
    pub fn everything_written(&self) -> String {
        [self.stdout.read().join("\n"), self.stderr.read().join("\n")].concat()
    }

    /// How the process ended, if it has.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }
}

/// One call of the function.
struct Invocation {
    request_id: String,
    deadline: SystemTime,
    event: Value,
}

/// What the function reports: a response, or an error.
type Answer = Result<Value, String>;

/// The platform's side.
struct Platform {
    queue: mpsc::UnboundedSender<Invocation>,
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
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

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers when there is something to do, however long that takes.
    async fn next(State(platform): State<Arc<Self>>) -> Response {
        let Some(Invocation { request_id, deadline, event }) = platform.invocations.lock().await.recv().await else {
            return StatusCode::GONE.into_response();
        };
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
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
            drop(waiting.send(Err(body.clone())));
        }
        StatusCode::ACCEPTED
    }

    /// The real platform, too, takes one answer to each invocation and no other.
    fn settle(&self, id: &str, answer: Answer) -> StatusCode {
        match self.waiting().remove(id) {
            Some(waiting) => {
                drop(waiting.send(answer));
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

/// The lines of a stream, as far as they have come.
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
