//! What one command takes: time, processor, memory.
//!
//! A child's peak memory begins with that of the process that starts it. So each contestant is started by a process that has done
//! nothing else.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wait4::{ResUse, Wait4 as _};

use crate::Result;
use crate::work::Work;

/// What no contestant takes, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(300);

/// How long to wait between two looks: the error of the time measured, at most.
const PAUSE: Duration = Duration::from_micros(500);

/// The word before what was measured, on the last line.
const MEASURED: &str = "measured: ";

/// What a contestant did, and what that took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) work: Work,
    /// From the start of the process to its end.
    pub(crate) elapsed: Duration,
    /// In user and system mode together, on all processors.
    pub(crate) processor: Duration,
    /// The most that was resident, in bytes.
    pub(crate) memory: u64,
}

/// Runs `command` in a process that measures it.
pub(crate) fn measured(command: &[OsString]) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", "--"])
        .args(command)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed").into());
    }
    parse(&String::from_utf8(output.stdout)?)
}

fn parse(text: &str) -> Result<Measured> {
    let (work, measured) = text.rsplit_once(MEASURED).ok_or("nothing was measured")?;
    let numbers =
        measured.split_whitespace().map(str::parse).collect::<std::result::Result<Vec<u64>, _>>()?;
    let [elapsed, processor, memory] = numbers[..] else {
        return Err(format!("three numbers were expected: {measured}").into());
    };
    Ok(Measured {
        work: Work::parse(work)?,
        elapsed: Duration::from_micros(elapsed),
        processor: Duration::from_micros(processor),
        memory,
    })
}

/// The process between: runs `command` and prints a last line with what it took.
pub(crate) fn run(command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().ok_or("no command is named")?;
    let begun = Instant::now();
    // What a programmer has switched on to see where errors come from costs time where they are made.
    let mut child = Command::new(program).args(arguments).env_remove("RUST_BACKTRACE").spawn()?;
    let used = wait(&mut child, begun + DEADLINE)?;
    let elapsed = begun.elapsed();
    if !used.status.success() {
        return Err(format!("{program:?} ended with {}", used.status).into());
    }
    let processor = used.rusage.utime + used.rusage.stime;
    println!("{MEASURED}{} {} {}", elapsed.as_micros(), processor.as_micros(), used.rusage.maxrss);
    Ok(())
}

fn wait(child: &mut Child, deadline: Instant) -> Result<ResUse> {
    loop {
        if let Some(used) = child.try_wait4()? {
            return Ok(used);
        }
        if Instant::now() > deadline {
            child.kill()?;
            return Err(format!("killed after {} s", DEADLINE.as_secs()).into());
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_was_measured() {
        let measured = parse("messages: 2\nseconds: 0.5\nmeasured: 1000000 900 4096\n").unwrap();
        assert_eq!(measured.work, Work::default().with("messages", 2).in_time(Duration::from_millis(500)));
        assert_eq!((measured.elapsed, measured.memory), (Duration::from_secs(1), 4096));
        assert_eq!(measured.processor, Duration::from_micros(900));
        assert!(parse("messages: 2\n").is_err());
        assert!(parse("messages: 2\nmeasured: 1 2\n").is_err());
    }
}
