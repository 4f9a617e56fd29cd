//! The page on paper: `target/pages/NAME.pdf`, dark ink on white whatever the screen has, and nothing that is only for a pointer.

use super::devtools::{self, Browser};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::Path;

/// What must not be on paper, and what must.
const CHECKS: [(&str, &str); 4] = [
    (
        "for a pointer only",
        "[...document.querySelectorAll('.tip, .zoom > label, .zoom > input, .skip')].filter(e => getComputedStyle(e).display !== 'none' && e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))",
    ),
    (
        "paper is not white",
        "[...document.querySelectorAll('body, .card')].map(e => getComputedStyle(e).backgroundColor).filter(c => c !== 'rgb(255, 255, 255)').slice(0, 3)",
    ),
    (
        "a chart without a picture",
        "[...document.querySelectorAll('figure')].filter(e => e.querySelector('svg.chart') && e.checkVisibility() && ![...e.querySelectorAll('svg.chart')].some(c => c.checkVisibility())).map(e => e.outerHTML.slice(0, 80))",
    ),
    (
        "cut off at the side",
        "[...document.querySelectorAll('pre, table, .scroll')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible').map(e => e.outerHTML.slice(0, 80))",
    ),
];

/// Prints the page that is open, as with this colour scheme on the screen; says what is wrong with it.
pub(super) fn wrong(browser: &mut Browser, page: &Path, scheme: &str) -> Result<Vec<String>> {
    let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print", "features": features }))?;
    let mut wrong = Vec::new();
    for (what, expression) in CHECKS.into_iter().chain([("contrast", super::CONTRAST)]) {
        let found = browser.evaluate(expression)?;
        if found.as_array().is_none_or(|list| !list.is_empty()) {
            wrong.push(format!("{what}: {found}"));
        }
    }
    let a4 = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false });
    let printed = browser.call("Page.printToPDF", &a4)?;
    let bytes = printed["data"].as_str().and_then(devtools::base64).context("nothing was printed")?;
    let sheets = bytes.windows(11).filter(|at| *at == b"/Type /Page").count();
    if !bytes.starts_with(b"%PDF-") || sheets == 0 {
        wrong.push(format!("{} bytes were printed, which are no page", bytes.len()));
    }
    let file = page.with_extension("pdf");
    std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features }))?;
    Ok(wrong.into_iter().map(|what| format!("printed: {what}")).collect())
}
