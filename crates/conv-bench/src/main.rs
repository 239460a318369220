//! The command: makes the requested measurements.

use std::process::ExitCode;

use conv_bench::{
    cloud, gateway, goals, instructions, machine, report,
    settings::{Command, Settings},
    work::{self, written},
};

fn main() -> ExitCode {
    let settings = Settings::of_arguments();
    match &settings.command {
        Some(Command::Instructions { write }) => return instructions::check(*write),
        Some(Command::Gateway(how)) => gateway::measure(how),
        Some(Command::GatewayServer { options }) => gateway::serve(options, None),
        Some(Command::Cloud { rows, accounts }) => cloud::serve(*rows, *accounts),
        Some(Command::Written { entrant, what, rows }) => written::measure(entrant, what, *rows),
        Some(Command::Count { work, calls }) => instructions::repeat(work, *calls),
        None => return measure(&settings),
    }
    ExitCode::SUCCESS
}

fn measure(settings: &Settings) -> ExitCode {
    let mut figures = Vec::new();
    for work in work::ALL.iter().filter(|work| settings.is_asked(work.name)) {
        figures.extend(work.figures(settings));
        println!("{}\n\n{}", work.name, report::table(work, &figures));
    }
    println!("{}\n{}", goals::table(&figures, settings.is_whole()), machine::describe());
    let written = settings.write.then(|| report::write(settings, &figures));
    if let Some(Err(error)) = written {
        eprintln!("the docs could not be written: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
