//! The testkit: what the suites of all packages share.
//!
//! | file | idea |
//! |---|---|
//! | `world.rs` | [`World`]: tables on an engine, and the API keys and instances that a test makes on them |
//! | `org.rs` | [`Org`]: one organization, written to through the store |
//! | `call.rs` | [`Call`]: the one request builder, and the things that answer a call |
//! | `answer.rs` | [`Answer`]: a response of the API, wherever it came from |
//! | `instance.rs` | [`Instance`]: a warm instance of every function, in this process |
//! | `lister.rs` | [`Lister`]: a warm instance of `list-clients`, without the pipeline around it |
//! | `server.rs` | [`Server`]: the API over HTTP |
//! | `function.rs` | [`Function`]: the process of one function, behind a stand-in for the Lambda Runtime API |
//! | `binaries.rs` | [`binary`]: the functions' programs, built if need be |
//! | `fault_proxy.rs` | [`FaultProxy`]: a proxy in front of an engine that delays, fails and drops calls |
//! | `s3/` | [`S3`]: an S3 in this process, with faults |
//! | `manual_clock.rs` | [`ManualClock`]: a clock that a test sets |
//! | [`history`] | a checker of recorded writes and lists |
//! | [`linearizability`] | a checker of concurrent operations on one object |

mod answer;
mod binaries;
mod call;
mod fault_proxy;
mod function;
pub mod history;
mod instance;
pub mod linearizability;
mod lister;
mod manual_clock;
mod org;
mod s3;
mod server;
mod world;

pub use answer::Answer;
pub use binaries::{PANICKING, TRACED, binary, release};
pub use call::{Call, NOBODY};
pub use fault_proxy::{DynamoDbCall, Fault, FaultProxy};
pub use function::{Function, Invocation};
pub use instance::{Instance, invoke};
pub use lister::{Listed, Lister, after_answer};
pub use manual_clock::ManualClock;
pub use org::Org;
pub use s3::{Rate, S3, S3Call, S3Fault};
pub use server::Server;
pub use world::{EngineKind, KEY_LIFE, World, closed_port, on_engine};
