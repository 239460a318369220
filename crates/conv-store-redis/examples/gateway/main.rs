//! Two processes that serve the same users from one cluster, against a cloud on loopback; one of
//! them is killed in the midst of its work. In the end every user's list is the cloud's.
//!
//! `cargo run --release -p conv-store-redis --features limiter,testing --example gateway` takes 200
//! users; with another number behind `--`, such as 10000, it takes so many. It needs the program
//! `redis-server`.

use std::{
    error::Error,
    io::{self, BufRead, BufReader, ErrorKind, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use conv_api::{ConversationDatabase, ConversationStore};
use conv_emulator::Emulator;
use conv_store_redis::{
    RedisDatabase,
    testing::{self, TestCluster},
};

mod server;

const CONVERSATIONS: usize = 100;

/// The first word of the command line of a server.
const SERVE: &str = "serve";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let ended = match words.next().as_deref() {
        Some(SERVE) => server::serve(words).await,
        count if testing::is_there() => run(count.map_or(Ok(200), str::parse)?).await,
        _ => Ok(()),
    };
    match ended {
        Err(error) if is_unread(&*error) => Ok(()),
        ended => ended,
    }
}

/// Starts the cloud, the cluster and two servers, kills one, and looks at what is left.
async fn run(count: usize) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let cloud = Emulator::builder().seed(7).accounts(count).conversations(CONVERSATIONS);
    let cloud = cloud.start().await?;
    let cluster = TestCluster::start(3, 1).map_err(|error| error.to_string())?;
    writeln!(out, "{count} users, {} servers of a cluster, 2 processes", cluster.nodes.len())?;

    let begin = Instant::now();
    let first = start(&cloud, &cluster, count, 1)?;
    let second = start(&cloud, &cluster, count, 2)?;
    let first = tokio::task::spawn_blocking(move || kill_after(first, count / 3));
    let second = tokio::task::spawn_blocking(move || end_of(second));
    writeln!(out, "the first served {} users, then it was killed", first.await??)?;
    let served = second.await??;
    writeln!(out, "the second served {served} users; {:.1?} in all", begin.elapsed())?;

    let wrong = differences(&cloud, &cluster).await?;
    let calls = cloud.calls().of("recentcontact/get_list");
    writeln!(out, "{calls} pages were asked of the cloud; {wrong} lists differ from it")?;
    if wrong > 0 || served != count {
        return Err("not every list is the cloud's".into());
    }
    Ok(())
}

/// Starts a server: this program, with the addresses of the cloud and the cluster.
fn start(
    cloud: &Emulator,
    cluster: &TestCluster,
    count: usize,
    seed: u64,
) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([SERVE, &cloud.base_url(), &cloud.sdk_app_id().to_string(), cloud.identifier()]);
    command.args([&count.to_string(), &seed.to_string()]).args(cluster.urls());
    // Not on the command line, where others see it.
    command.env(server::SECRET, cloud.secret_key()).stdout(Stdio::piped()).spawn()
}

/// Kills a server once it has served so many users; says how many it had.
fn kill_after(mut server: Child, users: usize) -> std::io::Result<usize> {
    let output = server.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
    let served = BufReader::new(output).lines().take(users).count();
    server.kill()?;
    server.wait()?;
    Ok(served)
}

/// Waits until a server ends; says how many users it served.
fn end_of(mut server: Child) -> std::io::Result<usize> {
    let output = server.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
    let served = BufReader::new(output).lines().count();
    server.wait()?;
    Ok(served)
}

/// Returns the number of users whose lists on the cluster differ from the cloud's.
async fn differences(cloud: &Emulator, cluster: &TestCluster) -> Result<usize, Box<dyn Error>> {
    let options = RedisDatabase::options().answer_within(Duration::from_secs(30));
    let database = options.open(cluster.urls()).await?;
    let mut wrong = 0;
    for account in cloud.world().accounts() {
        let rows = database.account(&account.parse()?).await?.snapshot();
        let here = rows.rows().map(|row| (row.id.to_string(), row.listing.time));
        let there = cloud.world().listing(&account)?.into_iter();
        let there = there.map(|row| (row.id, Some(conv_api::Timestamp::from_secs(row.time))));
        if !here.eq(there) {
            wrong += 1;
        }
    }
    Ok(wrong)
}

/// Returns true if the reader of the output went away, as `head` does: no failure of this program.
fn is_unread(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
