//! `conv serve`: each user's list for his own devices, over HTTP.

mod args;
mod backing;
mod demo;
mod ports;
mod stop;
mod webhooks;

use std::time::Duration;

use conv_api::Accounts;
use conv_gateway::{Drain, Gateway, Host, HostOptions};
use serde::Serialize;

use self::{backing::Backing, demo::Demo, ports::Ports, stop::Stop};
use crate::{Error, Output};

pub(crate) use self::args::Args;

/// The time in which pending writes have to be stored at the end.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);
/// The time for which the private port may answer after the public one has ended.
const PRIVATE_END: Duration = Duration::from_secs(1);

/// The `data` of the JSON answer. The demo's UserSig is not a secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listening<'a> {
    url: String,
    private_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<&'a Demo>,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Error> {
    let mut stop = Stop::listen()?;
    let demo = if args.demo { Some(Demo::start().await?) } else { None };
    let drain = Drain::new();
    // A store may take long to open; until then there is nothing to drain.
    let Backing { accounts, gateway } = tokio::select! {
        opened = Backing::open(&args, demo.as_ref(), &drain, output) => opened?,
        () = stop.asked() => return Ok(()),
    };
    let ports = Ports::bind(&args.public)?;
    ports::warn_of_files(args.limits.connections.get(), output);
    say(&ports, demo.as_ref(), &accounts, output).await?;
    let stats = gateway.stats();
    let serving = serve(ports, &gateway, &args, Ending { stop, drain }, output);
    tokio::select! {
        served = serving => served?,
        () = stats.measure_runtime() => {}
        () = demo::live(demo.as_ref(), &accounts) => {}
    }
    close(&accounts, output).await
}

async fn say(
    ports: &Ports,
    demo: Option<&Demo>,
    accounts: &Accounts,
    output: &Output,
) -> Result<(), Error> {
    let (url, private_url) = (ports.url(), ports.private_url());
    if let Some(demo) = demo {
        demo.pull(accounts).await?;
    }
    if output.is_json() {
        let inbox_url = demo.map(|demo| demo.inbox(&url));
        return output.data(&Listening { url, private_url, inbox_url, demo });
    }
    output.text(&format!("listening on {url}"))?;
    output.text(&format!("private port on {private_url}"))?;
    match demo {
        Some(demo) => {
            output.text(&format!("inbox at {}", demo.inbox(&url)))?;
            output.text(&demo.calls(&url, &private_url, accounts).await?.join("\n"))
        }
        None => Ok(()),
    }
}

/// The signals to end, and the end that they begin.
struct Ending {
    stop: Stop,
    drain: Drain,
}

/// Serves until a signal has drained it.
async fn serve(
    ports: Ports,
    gateway: &Gateway,
    args: &Args,
    Ending { mut stop, drain }: Ending,
    output: &Output,
) -> Result<(), Error> {
    let private_drain = Drain::new();
    let public = Host::new(gateway.router()).options(args.limits.host());
    let private = Host::new(gateway.private_router(&drain)).options(private_options());
    let public = async {
        let served = public.serve(ports.public, &drain).await;
        // Probes and numbers are there until the last connection has ended.
        private_drain.close();
        served
    };
    let stopping = async {
        stop.asked().await;
        let pre_stop = args.limits.pre_stop();
        output.note(&format!("draining: the ports close in {} s", pre_stop.as_secs()));
        tokio::select! {
            () = drain.after(pre_stop) => {}
            () = stop.asked() => drain.close(),
        }
        Ok(())
    };
    tokio::try_join!(public, private.serve(ports.private, &private_drain), stopping)?;
    Ok(())
}

fn private_options() -> HostOptions {
    let mut options = HostOptions::default();
    options.connections = 64;
    options.hard_end = PRIVATE_END;
    options
}

async fn close(accounts: &Accounts, output: &Output) -> Result<(), Error> {
    match tokio::time::timeout(CLOSED_WITHIN, accounts.close()).await {
        Ok(closed) => Ok(closed?),
        Err(_) => {
            output.note("the store did not close in time; what it acknowledged is kept");
            Ok(())
        }
    }
}
