//! The records as a stream that can be read again, written as they are read: a recording may be larger than memory.

use anyhow::Result;

use super::ReportArgs;
use crate::command::overwrite::refuse_overwriting;
use crate::evidence::{Evidence, count};
use crate::model::Event;
use crate::output::{Output, Wrote, tell};
use crate::render::{Ndjson, Render as _};

/// Reads each file and writes its records, with updates in their kills.
///
/// # Errors
/// When a file can't be read or holds no record, or the output can't be written.
pub(super) fn write(args: &ReportArgs) -> Result<()> {
    refuse_overwriting(&args.files, args.output.as_deref())?;
    let mut output = None;
    let options = args.narrowing();
    let mut ndjson = Ndjson::new();
    let mut text = Vec::new();
    for file in &args.files {
        let mut left_out = 0;
        let mut each = |mut event: Event| {
            if !args.wants(&event) {
                left_out += u64::from(matches!(event, Event::OomKill(_)));
                return Ok(true);
            }
            if let Event::Footer(footer) = &mut event {
                count(footer, std::mem::take(&mut left_out), &options);
            }
            text.clear();
            ndjson.event(&event, &mut text)?;
            // A file that holds no record leaves the output alone.
            let output = match &mut output {
                Some(output) => output,
                empty => empty.insert(Output::open(args.output.as_deref())?),
            };
            Ok(output.block(&text)? == Wrote::All)
        };
        let evidence = Evidence::pass(file, &mut each)?;
        for note in evidence.unread.notes() {
            tell(&format!("{}: {note}", evidence.name));
        }
    }
    // What holds records that are not known makes an empty one.
    output.map_or_else(|| Output::open(args.output.as_deref()), Ok)?.finish()
}
